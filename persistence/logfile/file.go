package logfile

import (
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/record"
)

// Growth is by how much a file is longer than its records.
type Growth struct {
	// PreAllocBytes is what a file grows by (zookeeper.preAllocSize, there in KB); 0 is none.
	PreAllocBytes int64
	// ZeroAheadBytes is how much of the padding is written as zeros before it is needed. A later
	// flush then finds blocks that have their place on disk already, and changes no metadata.
	ZeroAheadBytes int64
}

// File is a log file that is being written. Its errors wrap disk.ErrDisk.
type File struct {
	disk.File
	fs      disk.FS
	growth  Growth
	written int64 // end of the records
	flushed int64 // end of the records that are known to be on disk
	size    int64 // with padding
	zeroed  int64 // there are blocks up to here
}

// Create makes the file. It must not exist yet.
func Create(fsys disk.FS, name string, growth Growth) (*File, error) {
	f, err := fsys.Create(name)
	if err != nil {
		return nil, disk.Error("create", name, err)
	}
	return &File{File: f, fs: fsys, growth: growth, size: jute.FileHeaderBytes}, nil
}

// Flushed is where the records end that are known to be on disk. It is 0 of a nil File.
func (f *File) Flushed() int64 {
	if f == nil {
		return 0
	}
	return f.flushed
}

// NoteFlush notes that all that was written is on disk.
func (f *File) NoteFlush() { f.flushed = f.written }

// Write puts a batch of records behind the others, with zeros ahead of the next batches in the same
// call. It returns the batch in the room that it has now.
func (f *File) Write(batch []byte) ([]byte, error) {
	end := f.written + int64(len(batch))
	preAlloc := f.growth.PreAllocBytes
	size := record.PaddedSize(max(f.written, jute.FileHeaderBytes), f.size, preAlloc)
	if size = record.PaddedSize(end, size, preAlloc); size != f.size {
		if err := f.Truncate(size); err != nil {
			return batch, disk.Error("extend", f.Name(), err)
		}
		f.size = size
	}
	records := len(batch)
	if ahead := min(end+f.growth.ZeroAheadBytes, f.size); end > f.zeroed && ahead > end {
		batch = appendZeros(batch, int(ahead-end))
		f.zeroed = ahead
	}
	_, err := f.WriteAt(batch, f.written)
	batch = batch[:records]
	if err != nil {
		return batch, disk.Error("write", f.Name(), err)
	}
	f.written, f.size = end, max(f.size, end)
	return batch, nil
}

func appendZeros(p []byte, n int) []byte {
	at := len(p)
	p = slices.Grow(p, n)[:at+n]
	clear(p[at:])
	return p
}

// Leave cuts the file to its records, which must be flushed unless nothing ever is, and closes it.
func (f *File) Leave() error {
	if f.size > f.written {
		if err := f.Truncate(f.written); err != nil {
			return disk.Error("truncate", f.Name(), err)
		}
		if err := f.Sync(); err != nil {
			return disk.Error("sync", f.Name(), err)
		}
	}
	if err := f.Close(); err != nil {
		return disk.Error("close", f.Name(), err)
	}
	return nil
}
