package child

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// foreground puts the command into the foreground of the terminal, if this process is there, and
// returns what brings this process back.
func foreground(cmd *exec.Cmd, stdin io.Reader) (back func()) {
	file, ok := stdin.(*os.File)
	if !ok {
		return func() {}
	}
	fd, own := int(file.Fd()), unix.Getpgrp()
	now, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	if err != nil || now != own { // no terminal, or somebody else has it
		return func() {}
	}
	cmd.SysProcAttr.Foreground, cmd.SysProcAttr.Ctty = true, fd
	return func() {
		// A process in the background that takes the terminal is stopped, unless it ignores that.
		signal.Ignore(syscall.SIGTTOU)
		defer signal.Reset(syscall.SIGTTOU)
		_ = unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, own) // the terminal may have gone
	}
}
