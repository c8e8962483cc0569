package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// missing says what this machine lacks; "" is nothing.
func missing() string {
	if os.Geteuid() != 0 {
		return "it needs root, to mount"
	}
	for _, name := range []string{"/dev/fuse", "/dev/loop-control"} {
		if _, err := os.Stat(name); err != nil {
			return err.Error()
		}
	}
	for _, tool := range []string{"mkfs.ext4", "losetup", "mount", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err.Error()
		}
	}
	return ""
}

func run(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), err
}

// disk is an ext4 on the device. What it makes, it removes.
type disk struct {
	device *device
	dir    string // holds the mounts
	server *fuse.Server
	loop   string // /dev/loopN
	at     string // where the ext4 is mounted; "": nowhere
}

func newDisk(dir string, megabytes int, marker []byte) (*disk, error) {
	k := &disk{dir: dir, device: newDevice(megabytes, marker)}
	shown := filepath.Join(dir, "fuse")
	if err := os.MkdirAll(shown, 0o700); err != nil {
		return nil, err
	}
	var err error
	if k.server, err = k.device.show(shown); err != nil {
		return nil, err
	}
	_, err = run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", k.file())
	if err == nil {
		err = k.mount()
	}
	if err != nil {
		k.remove()
		return nil, err
	}
	return k, nil
}

func (k *disk) file() string { return filepath.Join(k.dir, "fuse", deviceName) }

func (k *disk) mount() error {
	at := filepath.Join(k.dir, "ext4")
	if err := os.MkdirAll(at, 0o700); err != nil {
		return err
	}
	var err error
	if k.loop, err = run("losetup", "--find", "--show", "--direct-io=on", k.file()); err != nil {
		return err
	}
	if _, err := run("mount", "-t", "ext4", k.loop, at); err != nil {
		return err
	}
	k.at = at
	return nil
}

// cut takes the power away: what is not on the device by now never will be.
func (k *disk) cut() { k.device.become(cut) }

// boot mounts what is on the device. Nothing uses the disk any more.
func (k *disk) boot() error {
	if err := k.unmount(); err != nil {
		return err
	}
	k.device.become(sound)
	return k.mount()
}

func (k *disk) unmount() error {
	if k.at != "" {
		if _, err := run("umount", k.at); err != nil {
			return err
		}
		k.at = ""
	}
	if k.loop != "" {
		if _, err := run("losetup", "--detach", k.loop); err != nil {
			return err
		}
		k.loop = ""
	}
	return nil
}

// remove ends everything, whatever state it is in.
func (k *disk) remove() {
	if err := k.unmount(); err != nil {
		fmt.Fprintln(os.Stderr, "flush:", err)
		_, _ = run("umount", "--lazy", filepath.Join(k.dir, "ext4"))
		_, _ = run("losetup", "--detach", k.loop)
	}
	if err := k.server.Unmount(); err != nil {
		fmt.Fprintln(os.Stderr, "flush:", err)
	}
}
