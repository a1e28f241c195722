# Never lets go of its hart: with FENCES it fences its address space all the time, else it never traps at all.
    .text
    .globl _start
_start:
    csrci sstatus, 2
1:
#ifdef FENCES
    sfence.vma
#endif
    j 1b
