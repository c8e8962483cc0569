package jute

// FileHeader begins a log file and a snapshot.
type FileHeader struct {
	Magic   int32
	Version int32 // 2
	DBID    int64 // 0 in a log, -1 in a snapshot
}

// What file headers hold.
const (
	LogMagic      int32 = 0x5a4b4c47 // "ZKLG"
	SnapshotMagic int32 = 0x5a4b534e // "ZKSN"
	FileVersion   int32 = 2

	FileHeaderBytes = 16
)

// Fields names the fields in wire order.
func (r *FileHeader) Fields(c *Coder) {
	c.Int("magic", &r.Magic)
	c.Int("version", &r.Version)
	c.Long("dbid", &r.DBID)
}
