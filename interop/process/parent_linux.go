package process

import "syscall"

// dieWithParent asks the kernel to end the child when we end without having stopped it.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
