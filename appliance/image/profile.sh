# shellcheck shell=sh
# What the configuration's values stand for, for whoever may read it: "wirespool doctor" and the other commands of the operator
# read the same INI as the daemons, which get this from systemd.
if [ -r /etc/wirespool/environment ]; then
	while IFS= read -r line || [ -n "$line" ]; do
		name=${line%%=*} value=${line#*=}
		case $name in
		"$line" | "" | [0-9]* | *[!A-Za-z0-9_]*) continue ;;
		esac
		case $value in
		\"*\") value=${value#\"} value=${value%\"} ;;
		\'*\') value=${value#\'} value=${value%\'} ;;
		esac
		export "$name=$value"
	done </etc/wirespool/environment
	unset line name value
fi
