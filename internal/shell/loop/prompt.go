package loop

import (
	"fmt"

	"quoll/internal/shell/output"
	"quoll/internal/shell/session"
)

// prompt is "[prod-eu rw leader:zk2] /path> ". It is red in a protected context.
func (s *Shell) prompt() string {
	st := s.session.State()
	if s.o.ZkCLI {
		return fmt.Sprintf("[zk: %s(%s) %d] ", s.shown(st.Where), st.Java, len(s.typed))
	}
	text := "[" + s.shown(st.Where) + " " + st.Mode
	switch {
	case st.Server == "" || st.Server == st.Where && st.Role == "":
	case st.Role == "":
		text += " " + s.shown(st.Server)
	default:
		text += " " + st.Role + ":" + s.shown(st.Server)
	}
	text += "] " + s.shown(s.host.Dir) + "> "
	color := colorOf(st)
	if color == "" || !s.colored() {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// shown is a name as a terminal may get it.
func (s *Shell) shown(name string) string {
	if s.host.OutTerminal {
		return output.Escape(name, false)
	}
	return name
}

func colorOf(st session.State) string {
	colors := map[string]string{
		"black": "30", "red": output.Red, "green": output.Green, "yellow": "33",
		"blue": output.Blue, "magenta": "35", "cyan": "36", "white": "37",
	}
	if st.Guarded {
		return output.Red
	}
	return colors[st.Color]
}
