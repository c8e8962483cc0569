package main

import (
	"bytes"
	"context"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// health is what a device does with a write.
type health uint8

const (
	sound   health = iota
	failing        // a write that carries a value is answered with EIO
	picking        // the same, but the first must be to blocks that nothing was written to
	cut            // the power is off: every write is dropped
)

const blockBytes = 4096

// device is a disk in memory, shown as one file.
type device struct {
	fs.Inode
	marker []byte // begins every value of the clients

	mu     sync.Mutex
	blocks []byte
	used   []bool // blocks of blockBytes that something was written to
	health health
	failed int // writes that were answered with EIO
}

var (
	_ fs.NodeOpener    = (*device)(nil)
	_ fs.NodeGetattrer = (*device)(nil)
	_ fs.NodeSetattrer = (*device)(nil)
	_ fs.NodeReader    = (*device)(nil)
	_ fs.NodeWriter    = (*device)(nil)
	_ fs.NodeFsyncer   = (*device)(nil)
)

func newDevice(megabytes int, marker []byte) *device {
	bytes := megabytes << 20
	return &device{
		marker: marker, blocks: make([]byte, bytes), used: make([]bool, bytes/blockBytes),
	}
}

// become changes the health; it returns how many writes failed since the last change.
func (d *device) become(h health) (failed int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.health = h
	failed, d.failed = d.failed, 0
	return failed
}

// Open keeps the system from caching the file: what is written is here, or nowhere.
func (d *device) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (d *device) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Nlink, out.Size = 0o600, 1, uint64(len(d.blocks))
	return 0
}

func (d *device) Setattr(
	ctx context.Context, f fs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut,
) syscall.Errno {
	return d.Getattr(ctx, f, out)
}

func (d *device) Read(
	_ context.Context, _ fs.FileHandle, p []byte, off int64,
) (fuse.ReadResult, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off >= int64(len(d.blocks)) {
		return fuse.ReadResultData(nil), 0
	}
	return fuse.ReadResultData(p[:copy(p, d.blocks[off:])]), 0
}

func (d *device) Write(
	_ context.Context, _ fs.FileHandle, p []byte, off int64,
) (uint32, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.health == picking && bytes.Contains(p, d.marker) && d.fresh(off, len(p)) {
		d.health = failing
	}
	switch {
	case d.health == cut:
		return uint32(len(p)), 0
	case d.health == failing && bytes.Contains(p, d.marker):
		d.failed++
		return 0, syscall.EIO
	case off+int64(len(p)) > int64(len(d.blocks)):
		return 0, syscall.ENOSPC
	}
	for i := off / blockBytes; i < (off+int64(len(p))+blockBytes-1)/blockBytes; i++ {
		d.used[i] = true
	}
	return uint32(copy(d.blocks[off:], p)), 0
}

// fresh says whether a write reaches a block that nothing was written to.
func (d *device) fresh(off int64, n int) bool {
	for i := off / blockBytes; i < (off+int64(n)+blockBytes-1)/blockBytes; i++ {
		if i < int64(len(d.used)) && !d.used[i] {
			return true
		}
	}
	return false
}

// Fsync has nothing to do: a write that was taken is on the device.
func (d *device) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno { return 0 }

// folder is the root of the file system, with the device as its only file.
type folder struct {
	fs.Inode
	device *device
}

const deviceName = "device"

// OnAdd implements fs.NodeOnAdder.
func (f *folder) OnAdd(ctx context.Context) {
	child := f.NewPersistentInode(ctx, f.device, fs.StableAttr{Mode: syscall.S_IFREG})
	f.AddChild(deviceName, child, false)
}

// show mounts the device at dir.
func (d *device) show(dir string) (*fuse.Server, error) {
	return fs.Mount(dir, &folder{device: d}, &fs.Options{MountOptions: fuse.MountOptions{
		DirectMount: true, MaxWrite: 256 << 10, FsName: "quoll-flush",
	}})
}
