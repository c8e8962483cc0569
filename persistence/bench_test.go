package persistence_test

import (
	"fmt"
	"testing"

	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
)

// counting is a sink that only counts, so it measures the least time of a load.
type counting struct {
	memory
	nodes, bytes int
}

func (c *counting) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	c.nodes++
	c.bytes += len(path) + len(data)
	return nil
}

// BenchmarkSnapshot writes and reads 1,000,000 nodes of 20 B path and 100 B data on the real disk.
func BenchmarkSnapshot(b *testing.B) {
	dir, err := persistence.Open(persistence.OS{}, persistence.DefaultOptions(b.TempDir()))
	must(b, err)
	_, err = dir.Recover(new(memory))
	must(b, err)
	data := make([]byte, 100)
	var info persistence.SnapInfo
	b.Run("write", func(b *testing.B) {
		for range b.N {
			w, err := dir.CreateSnapshot(1)
			must(b, err)
			st := jute.StatPersisted{}
			must(b, w.Node("", nil, -1, &st))
			for i := range 1_000_000 {
				must(b, w.Node(fmt.Sprintf("/benchmark/n%09d", i), data, -1, &st))
			}
			info, err = w.Finish(snap.Trailer{})
			must(b, err)
		}
	})
	for _, readAhead := range []int{0, 4} {
		b.Run(fmt.Sprintf("read-ahead-%d", readAhead), func(b *testing.B) {
			for range b.N {
				sink := new(counting)
				_, err := persistence.ReadSnapshot(persistence.OS{}, info.File, readAhead, sink)
				must(b, err)
				if sink.nodes != 1_000_001 {
					b.Fatal(sink.nodes)
				}
			}
		})
	}
}

// BenchmarkCommit measures a batch of one and of many on the real disk.
func BenchmarkCommit(b *testing.B) {
	for _, mark := range []persistence.Watermark{persistence.Strict, persistence.Lag} {
		for _, batch := range []int{1, 100} {
			b.Run(fmt.Sprintf("%v-%d", []string{"strict", "lag"}[mark], batch), func(b *testing.B) {
				opt := persistence.DefaultOptions(b.TempDir())
				opt.Log.Watermark = mark
				s := mustStart(b, persistence.OS{}, opt)
				b.ResetTimer()
				for range b.N {
					must(b, s.add(batch))
				}
				b.StopTimer()
				must(b, s.dir.Close())
			})
		}
	}
}

// BenchmarkReplay reads 100,000 transactions back.
func BenchmarkReplay(b *testing.B) {
	opt := persistence.DefaultOptions(b.TempDir())
	s := mustStart(b, persistence.OS{}, opt)
	for range 100 {
		must(b, s.add(1000))
	}
	must(b, s.dir.Close())
	b.ResetTimer()
	for range b.N {
		dir, err := persistence.Open(persistence.OS{}, opt)
		must(b, err)
		_, err = dir.Recover(new(memory))
		must(b, err)
		must(b, dir.Close())
	}
}
