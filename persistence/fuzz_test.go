package persistence_test

import (
	"bytes"
	"runtime"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence/inspect"
	"quoll/persistence/record"
	"quoll/persistence/snap"
)

// allocated runs f and returns what it allocated, in bytes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func checkAllocation(t *testing.T, input int, f func()) {
	t.Helper()
	if got, most := allocated(f), uint64(8*input+64<<10); got > most {
		t.Fatalf("%d bytes allocated for %d of input", got, input)
	}
}

// FuzzTxnLog: reading any log ends, whatever it holds. The transactions read can be logged again,
// and then read as the same ones.
func FuzzTxnLog(f *testing.F) {
	f.Add([]byte{})
	f.Add(apacheLog(1, 2, 3)[:700])
	multi := &jute.Entry{Header: jute.TxnHeader{Zxid: 1, Type: jute.OpMulti},
		Body: jute.Append(nil, &jute.MultiTxn{Txns: []jute.Txn{{Type: jute.OpDelete, Data: []byte("x")}}})}
	multi.Payload = jute.AppendEntry(nil, multi)
	f.Add(append([]byte("ZKLG\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"),
		record.Append(nil, multi.Payload)...))
	f.Fuzz(func(t *testing.T, file []byte) {
		disk := simfs.New()
		must(t, disk.MkdirAll(verDir))
		disk.Write(verDir+"/log.1", file)
		var entries []jute.Entry
		checkAllocation(t, len(file), func() {
			log, err := inspect.OpenLogFile(disk, verDir+"/log.1")
			if err != nil {
				return
			}
			defer log.Close()
			for {
				e, _, err := log.Next()
				if err != nil {
					return
				}
				entries = append(entries, e)
			}
		})
		for _, e := range entries {
			if again := jute.AppendEntry(nil, &e); !bytes.HasPrefix(e.Payload, again) {
				t.Fatalf("%x became %x", e.Payload, again)
			}
		}
		opt := testOptions()
		opt.TrustEmptySnapshot, opt.TrustSuspectLog = true, true
		if s, err := start(disk, opt); err == nil && s.rec.LastZxid < 1<<62 {
			must(t, s.log.Roll())
		}
	})
}

type nothing struct{}

func (nothing) Session(jute.SessionID, int32) error                    { return nil }
func (nothing) ACL(int64, []jute.ACL) error                            { return nil }
func (nothing) Node(_, _ []byte, _ int64, _ *jute.StatPersisted) error { return nil }

// FuzzSnapshot: whatever a snapshot holds, plain or packed, reading it ends.
func FuzzSnapshot(f *testing.F) {
	disk := simfs.New()
	if _, err := start(disk, testOptions()); err != nil {
		f.Fatal(err)
	}
	f.Add(disk.Read(verDir+"/snapshot.0"), uint8(0))
	f.Add([]byte("\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x03\x01\x00Z"), uint8(2))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), uint8(1))
	f.Fuzz(func(t *testing.T, file []byte, kind uint8) {
		c := snap.Compression(kind % 3)
		r := bytes.NewReader(file)
		read := func() { _, _ = snap.Read(r, r.Size(), c, 0, nothing{}) }
		if c != snap.Plain {
			read() // a packed file can unpack to much more, so memory is not checked
			return
		}
		checkAllocation(t, len(file), read)
	})
}
