/* SPDX-License-Identifier: BSD-3-Clause */
/* Every check of the doctor, one row each, in the order in which they run:
 *
 *   CHECK("name", function, needs a good configuration, sentence)
 */
#ifndef TOOLS_WIRESPOOL_DOCTOR_TABLE_H
#define TOOLS_WIRESPOOL_DOCTOR_TABLE_H

#define DOCTOR_TABLE(CHECK) \
	CHECK("config", doctor_config, false, "the INI is good") \
	CHECK("versions", doctor_versions, false, "kernel, DPDK, and what the daemons that run are of") \
	CHECK("hugepages", doctor_hugepages, true, "there are enough huge pages for dataplane.memory_mb and block_mb, and where the NIC is") \
	CHECK("cpus", doctor_cpus, true, "the CPUs of dataplane.lcores are there, isolated, and leave some to others") \
	CHECK("nic", doctor_nic, true, "the ports are there, on the right driver, up, and near the lcores") \
	CHECK("iommu", doctor_iommu, true, "vfio-pci can take the NIC") \
	CHECK("crypto", doctor_crypto, true, "the CPU has the instructions that SRTP is fast by") \
	CHECK("descriptors", doctor_descriptors, true, "there are packet buffers for all RX descriptors, and ports lose nothing") \
	CHECK("limits", doctor_limits, true, "descriptors and locked memory suffice for dataplane.max_tracks") \
	CHECK("io_uring", doctor_uring, false, "io_uring may be used") \
	CHECK("clock", doctor_clock, false, "the clock is synchronised") \
	CHECK("cpu-clock", doctor_cpu_clock, false, "the time stamp counter is to be relied on, and CPUs run at full speed") \
	CHECK("disk", doctor_disk, true, "record.dir is there, and the daemons may write to it") \
	CHECK("disk-space", doctor_disk_space, true, "there is room for recordings") \
	CHECK("disk-speed", doctor_disk_speed, true, "O_DIRECT works, and how long writes take") \
	CHECK("address", doctor_address, true, "ingest.address is ours alone") \
	CHECK("dataplane", doctor_dataplane, true, "wirespool-dataplane runs") \
	CHECK("reach", doctor_reach, true, "its ports have a link, packets come, and gateways answer") \
	CHECK("control", doctor_control, true, "wirespool-control answers, or its port is free") \
	CHECK("ready", doctor_ready, true, "what /readyz says") \
	CHECK("store", doctor_store, true, "the object store takes, gives back, lists and aborts")

#endif
