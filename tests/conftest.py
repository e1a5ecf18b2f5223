"""What every test may count on."""

import signal

# A shell that starts a job in the background has it ignore SIGINT, and children inherit that: Ctrl-C is tested here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
