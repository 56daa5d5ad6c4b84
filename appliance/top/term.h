/* SPDX-License-Identifier: BSD-3-Clause */
/* The terminal, by ncurses: shows a screen, reads keys. One at a time, main thread. */
#ifndef APPLIANCE_TOP_TERM_H
#define APPLIANCE_TOP_TERM_H

#include <stdbool.h>
#include "appliance/top/screen.h"

#define TERM_NO_KEY     0u
#define TERM_KEY_RESIZE 0x120000u /* the terminal has another size: term_fit */

/* Take the terminal; no colours when @colour is false, or the terminal has none. 0, or -ENOTTY: it cannot be
 * used, e.g. TERM is not known. */
int term_open(bool colour);
/* Give it back as it was. */
void term_close(void);

/* Whether the locale has more than ASCII. */
bool term_has_unicode(void);
/* Make @screen as large as the terminal is now. 0 or -ENOMEM. */
int term_fit(struct screen *screen);
/* Show it; only what has changed is written. */
void term_show(const struct screen *screen);
/* The next key that was pressed: a character or one of enum ui_key; TERM_NO_KEY: none is there. */
unsigned term_key(void);

#endif
