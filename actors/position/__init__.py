"""One position: its state, the machine that decides for it, and the actor that carries the decisions out.

`machine` begins with the theory of operation; only `actor` knows the runtime.

    machine         one message, one step: `decide`
    table           what each message does in each state
    command_rules   what commands change
    report_rules    what reports and timers change
    next_orders     which orders follow: entry, reduction, protection, cancels
    refused_moves   where protection goes that the venue refuses
    notices         what the owner hears
    lifecycle       the state as a function of what is known
    transitions     the changes of state that may occur
    step_builder    the step while it is built
    evolve          the position after an event
    accounting      average price, realized profit, sums by currency
    state           position and orders as values
    policy          what the configuration decides
    history         its history in the journal: first state, evolution, snapshot, damage
    view            what a position publishes
    actor           the shell: journal, mailbox, timers, log
    diagram         draws docs/states.md
"""
