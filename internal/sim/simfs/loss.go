package simfs

import (
	"errors"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
)

// Fate is what a power loss does to one pending write.
type Fate uint8

// A torn write keeps some of its sectors.
const (
	Dropped Fate = iota
	Kept
	Torn
)

// Loss decides what survives a power loss of all that was not flushed.
type Loss struct {
	// Sector is the size in bytes of what is written whole: 512 or 4096.
	Sector int
	// Write decides the fate of one pending write or truncation; a truncation is never torn.
	Write func() Fate
	// Part decides whether one sector of a torn write survives.
	Part func() bool
	// Name decides whether one pending change of names survives. A change that builds on one that
	// did not survive is lost with it.
	Name func() bool
	// Garbage, if set, fills the lost sectors of torn writes that lie beyond the old end.
	Garbage func(p []byte)
}

// Everything loses all that was not flushed.
func Everything() Loss {
	return Loss{
		Sector: 512,
		Write:  func() Fate { return Dropped },
		Name:   func() bool { return false },
	}
}

// Nothing loses nothing, as after kill -9.
func Nothing() Loss {
	return Loss{
		Sector: 512,
		Write:  func() Fate { return Kept },
		Name:   func() bool { return true },
	}
}

// NamesOnly keeps every change of names and loses all unflushed data: files are there, but empty
// or old.
func NamesOnly() Loss {
	l := Everything()
	l.Name = func() bool { return true }
	return l
}

// DataOnly keeps all data and loses every unflushed change of names.
func DataOnly() Loss {
	l := Nothing()
	l.Name = func() bool { return false }
	return l
}

// Random keeps, loses and tears by rng, in a mix that differs from one call to the next.
func Random(rng *rand.Rand) Loss {
	keep, tear, name := rng.Float64(), rng.Float64(), rng.Float64()
	l := Loss{
		Sector: []int{512, 4096}[rng.IntN(2)],
		Write: func() Fate {
			switch {
			case rng.Float64() < tear:
				return Torn
			case rng.Float64() < keep:
				return Kept
			}
			return Dropped
		},
		Part: func() bool { return rng.Float64() < keep },
		Name: func() bool { return rng.Float64() < name },
	}
	if rng.IntN(4) == 0 {
		l.Garbage = func(p []byte) {
			for i := range p {
				p[i] = byte(rng.Uint32())
			}
		}
	}
	return l
}

// Kill returns the disk as the next process finds it when this one dies. All that was written is
// there, but pending changes can still be lost.
func (d *Disk) Kill() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := New()
	next.inodes, next.Deaf = d.inodes, d.Deaf
	maps.Copy(next.dirs, d.dirs)
	twins := map[*inode]*inode{}
	twin := func(f *inode) *inode {
		if twins[f] == nil {
			twins[f] = f.clone()
		}
		return twins[f]
	}
	for name, f := range d.names {
		next.names[name] = twin(f)
	}
	for name, f := range d.stable {
		next.stable[name] = twin(f)
	}
	for _, m := range d.moves {
		if m.file != nil {
			m.file = twin(m.file)
		}
		next.moves = append(next.moves, m)
	}
	return next
}

// PowerLoss returns the disk as the next boot finds it.
func (d *Disk) PowerLoss(loss Loss) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := maps.Clone(d.stable)
	for _, m := range d.moves {
		if m.from != "" && names[m.from] != m.file {
			continue
		}
		if loss.Name() {
			m.apply(names)
		}
	}
	next := New()
	next.inodes, next.Deaf = d.inodes, d.Deaf
	maps.Copy(next.dirs, d.dirs)
	twins := map[*inode]*inode{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := names[name]
		if twins[f] == nil {
			image := f.afterLoss(loss)
			twins[f] = &inode{number: f.number,
				stable: image, current: append([]byte(nil), image...)}
		}
		next.names[name] = twins[f]
		next.stable[name] = twins[f]
	}
	return next
}

func (f *inode) afterLoss(loss Loss) []byte {
	image := append([]byte(nil), f.stable...)
	for _, ch := range f.pending {
		fate := loss.Write()
		switch {
		case fate == Dropped:
		case fate == Kept, ch.data == nil:
			image = f.reach(image, ch)
		default:
			image = f.tear(image, ch, loss)
		}
	}
	return image
}

// tear applies those sectors of a write that survive.
func (f *inode) tear(image []byte, ch change, loss Loss) []byte {
	end := ch.off + int64(len(ch.data))
	for at := ch.off; at < end; {
		next := min(end, (at/int64(loss.Sector)+1)*int64(loss.Sector))
		part := change{off: at, data: ch.data[at-ch.off : next-ch.off]}
		switch beyond := at >= int64(len(image)); {
		case loss.Part():
			image = f.reach(image, part)
		case beyond && loss.Garbage != nil:
			part.data = append([]byte(nil), part.data...)
			loss.Garbage(part.data)
			image = f.reach(image, part)
		}
		at = next
	}
	return image
}

// Read returns the current content of a file, nil when there is none.
func (d *Disk) Read(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.names[path.Clean(name)]; f != nil {
		return append([]byte{}, f.current...)
	}
	return nil
}

// Write replaces the content of a file, durably and without a Call. A file that was not there is a
// new one: to copy a file, Write what Read gave, under another name.
func (d *Disk) Write(name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = path.Clean(name)
	f := d.newInode()
	if old := d.names[name]; old != nil {
		f.number = old.number
	}
	f.stable, f.current = append([]byte(nil), data...), append([]byte(nil), data...)
	d.names[name] = f
	d.stable[name] = f
}

// FlipBit turns one bit of a file, durably and without a Call.
func (d *Disk) FlipBit(name string, bit int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.names[path.Clean(name)]
	f.current[bit/8] ^= 1 << (bit % 8)
	if bit/8 < int64(len(f.stable)) {
		f.stable[bit/8] ^= 1 << (bit % 8)
	}
}

// Delete removes a file, durably and without a Call.
func (d *Disk) Delete(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.names, path.Clean(name))
	delete(d.stable, path.Clean(name))
}

// Names lists all files, by path.
func (d *Disk) Names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.names))
}

// Exists says whether a file is there.
func (d *Disk) Exists(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.names[path.Clean(name)] != nil
}

// Errors of a failing disk, for Outcome.Err; syscall's own are not the same on every system.
var (
	// ErrIO is EIO.
	ErrIO = errors.New("input/output error")
	// ErrFull is ENOSPC.
	ErrFull = errors.New("no space left on device")
)
