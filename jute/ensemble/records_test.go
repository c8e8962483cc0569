package ensemble_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/jute/internal/recordtest"
)

var records = recordtest.Family{
	Records: []jute.Record{
		&ensemble.Activation{}, &ensemble.CurrentEpoch{}, &ensemble.Hello{},
		&ensemble.LearnerInfo{}, &ensemble.Notification{}, &ensemble.ProtocolVersion{},
		&ensemble.QuorumAuthPacket{}, &ensemble.QuorumPacket{}, &ensemble.Revalidated{},
		&ensemble.Touches{},
	},
	OffWire: map[string]bool{
		"LearnerInfo.NoVersion": true, "LearnerInfo.NoConfigVersion": true,
		"Notification.Short": true,
	},
	Union: func(jute.Record) bool { return false },
	Filled: func(r jute.Record, leaves []string) []string {
		if h, ok := r.(*ensemble.Hello); ok {
			h.Version, leaves[0] = ensemble.HelloV1, fmt.Sprint(int64(ensemble.HelloV1))
		}
		return leaves
	},
	MayEnd: func(r jute.Record, _ []byte, cut int) bool {
		switch r.(type) {
		case *ensemble.LearnerInfo, *ensemble.Activation:
			return cut >= 8
		case *ensemble.ProtocolVersion:
			return cut >= 4
		case *ensemble.Touches:
			return cut%12 == 0
		case *ensemble.Notification:
			return cut == 28 || cut == 40
		}
		return false
	},
}

func TestRecordsAreAllListed(t *testing.T) { records.Listed(t) }

func TestFieldsAreVisitedInOrder(t *testing.T) { records.VisitedInOrder(t) }

func TestRoundTrip(t *testing.T) {
	records.RoundTrips(t, &ensemble.Hello{
		Version: ensemble.HelloV2, Sid: 1, Addresses: []byte("a:1|b:2"),
	})
}

func TestApacheRecords(t *testing.T) { records.Recorded(t, records.ByName()) }

func TestApacheDecoder(t *testing.T) { records.Damaged(t, records.ByName(), 10) }

func count(n int32) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// Inputs made to cost as much as possible for their size.
func TestAllocationBound(t *testing.T) {
	const n = 50_000
	ids := append(jute.Append(nil, &ensemble.QuorumPacket{})[:16], count(n)...)
	ids = append(ids, bytes.Repeat(count(-1), 2*n)...)
	for name, c := range map[string]struct {
		r  jute.Record
		in []byte
	}{
		"touches": {&ensemble.Touches{}, make([]byte, 12*n)},
		"ids":     {&ensemble.QuorumPacket{}, ids},
	} {
		recordtest.Bounded(t, c.in, func() {
			if _, err := jute.Decode(c.in, c.r); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
