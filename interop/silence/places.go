package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// serverAddress is the servers' end of the wire; clientAddress the clients'.
const (
	serverAddress = "10.98.7.1"
	clientAddress = "10.98.7.2"
)

// command runs a program; its output is the error's text.
func command(argv ...string) error {
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// spaces are two network namespaces with a wire between them.
type spaces struct{ servers, clients string }

func newSpaces() *spaces {
	pid := os.Getpid()
	return &spaces{fmt.Sprintf("quoll-s-%d", pid), fmt.Sprintf("quoll-c-%d", pid)}
}

func (n *spaces) make() error {
	for _, line := range []string{
		"ip netns add " + n.servers,
		"ip netns add " + n.clients,
		"ip -n " + n.servers + " link add wire type veth peer name wire netns " + n.clients,
		"ip -n " + n.servers + " addr add " + serverAddress + "/24 dev wire",
		"ip -n " + n.clients + " addr add " + clientAddress + "/24 dev wire",
		"ip -n " + n.servers + " link set wire up",
		"ip -n " + n.clients + " link set wire up",
		"ip -n " + n.servers + " link set lo up",
	} {
		if err := command(strings.Fields(line)...); err != nil {
			return err
		}
	}
	return nil
}

// remove takes the wire with them.
func (n *spaces) remove() (err error) {
	for _, name := range []string{n.servers, n.clients} {
		if _, missing := os.Stat("/var/run/netns/" + name); missing == nil {
			err = errors.Join(err, command("ip", "netns", "del", name))
		}
	}
	return err
}

// dial connects from the clients' namespace. A socket belongs to the namespace of the thread that
// made it; that thread ends with the goroutine, since it is not unlocked.
func (r *run) dial(address string) (nc net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		var space *os.File
		if space, err = os.Open("/var/run/netns/" + r.clients); err != nil {
			return
		}
		defer space.Close()
		if err = unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		nc, err = net.Dial("tcp", address)
	}()
	<-done
	return nc, err
}

// cut drops all that a client sends, and all that comes for it.
func (r *run) cut(nc net.Conn) error {
	port := fmt.Sprint(nc.LocalAddr().(*net.TCPAddr).Port)
	iptables := []string{"ip", "netns", "exec", r.clients, "iptables", "-w"}
	return errors.Join(
		command(append(iptables, "-A", "OUTPUT", "-p", "tcp", "--sport", port, "-j", "DROP")...),
		command(append(iptables, "-A", "INPUT", "-p", "tcp", "--dport", port, "-j", "DROP")...))
}

// disk is a file system in a file, which can stand still.
type disk struct {
	at, image string
	frozen    bool
}

func (r *run) mount(ctx context.Context) (*disk, error) {
	d := &disk{at: filepath.Join(r.dir, "disk"), image: filepath.Join(r.dir, "image")}
	if err := os.Mkdir(d.at, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(d.image, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(d.image, 512<<20); err != nil {
		return nil, err
	}
	if err := command("mkfs.ext4", "-q", "-F", d.image); err != nil {
		return nil, err
	}
	return d, errors.Join(command("mount", "-o", "loop", d.image, d.at), ctx.Err())
}

func (d *disk) freeze() error {
	d.frozen = true
	return command("fsfreeze", "-f", d.at)
}

func (d *disk) thaw() error {
	if !d.frozen {
		return nil
	}
	d.frozen = false
	return command("fsfreeze", "-u", d.at)
}

func (d *disk) remove() error { return errors.Join(d.thaw(), command("umount", d.at)) }
