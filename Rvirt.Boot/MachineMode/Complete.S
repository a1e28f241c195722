/* No code: takes away each macro that a board is to define (docs/adding-a-board.md), which the assembler refuses by name where it is not there. */
#include "MachineMode.inc"

    .purgem BOARD_PUT
    .purgem BOARD_OFF
    .purgem BOARD_RESET
    .purgem BOARD_FAIL
    .purgem BOARD_MSIP
    .purgem BOARD_MTIMECMP
    .purgem BOARD_MTIME
