"""What `--help` prints, from the tables of `options`. Loaded when somebody asks for it."""

from __future__ import annotations

from quaestor.surfaces.cli.options import COMMANDS, OPTIONS, belongs, known_command, part_of, takes


def help_text(command: str = "", part: str = "") -> str:
    """What `--help` prints: of everything, of one command, or of a command's own command, with its flags. Raises
    UsageError for a part that isn't there."""
    if not command:
        return _overview()
    known = known_command(command)
    chosen = part_of(known, part) if part and known.parts else None
    lines = [f"usage: quaestor {known.name} {chosen.usage if chosen else known.usage}".rstrip(), ""]
    lines += [chosen.help if chosen else known.help, ""]
    if known.parts and not chosen:
        width = max(len(each.usage) for each in known.parts)
        lines += [f"  {each.usage:{width}}  {each.help}" for each in known.parts]
        lines += ["", f"quaestor {known.name} COMMAND --help lists the flags of one; all of them:", ""]
    for option in OPTIONS:
        if takes(command, option) and (chosen is None or belongs(chosen, option)):
            flag = f"{option.short}, {option.flag}" if option.short else f"    {option.flag}"
            lines.append(f"  {f'{flag} {option.value}'.rstrip():40} {option.help}")
    return "\n".join(lines) + "\n"


def _overview() -> str:
    """What there is."""
    lines = ["Quaestor: SQL over the APIs of Okta, Datadog and other providers.", ""]
    lines += ["usage: quaestor COMMAND [ARGUMENTS] [FLAGS]", ""]
    lines += [f"  {known.name:10} {known.help}" for known in COMMANDS]
    lines += ["", "quaestor COMMAND --help lists its flags; quaestor --version tells the version.", ""]
    lines += ["Try it without an account:", '  quaestor exec --sandbox "SHOW SERVICES IN okta"', "  quaestor demo"]
    return "\n".join(lines) + "\n"
