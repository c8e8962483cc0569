package jobs_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/jobs"
	"quoll/internal/replica/snapshotting"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/persistence/snap"
	"quoll/processor/session"
	"quoll/quorum/effects"
)

const most = 1 << 20

func apply(t *testing.T, tree *datatree.Tree, zxid jute.Zxid, op jute.OpCode, r jute.Record) {
	t.Helper()
	var out datatree.Result
	tree.Lock()
	tree.Apply(&jute.Entry{
		Header: jute.TxnHeader{Zxid: zxid, Type: op}, Body: jute.Append(nil, r),
	}, &out)
	tree.Unlock()
	require.Equal(t, jute.OK, out.Err)
}

func create(path string) *jute.CreateTxn {
	return &jute.CreateTxn{Path: []byte(path), Data: []byte("data"), ParentCVersion: -1,
		ACL: []jute.ACL{{Perms: jute.PermRead, ID: jute.ID{Scheme: "ip", ID: "10.0.0.1"}}}}
}

func leader(t *testing.T) *datatree.Tree {
	tree := datatree.New(datatree.Options{Digest: true})
	for i := range 9 {
		apply(t, tree, jute.Zxid(2<<32+i+1), jute.OpCreate, create(fmt.Sprintf("/n%d", i)))
	}
	return tree
}

var sessions = []session.Saved{{ID: 3, TimeoutMillis: 4000}, {ID: 9, TimeoutMillis: 7000}}

// streamed is the stream of a tree to which the leader applies transactions meanwhile, without the
// packet in front.
func streamed(t *testing.T, tree *datatree.Tree, between func(step int)) (stream []byte) {
	var out bytes.Buffer
	job := replica.NewSnapshotJob(tree, sessions)
	job.Kind = replica.ToLink
	walk := snapshotting.Stream(&out, job)
	for step, more := 0, true; more; step++ {
		var err error
		more, err = walk.Step(2)
		require.NoError(t, err)
		between(step)
	}
	size, exact, err := ensemble.PacketSize(out.Bytes(), 1000)
	require.NoError(t, err)
	require.True(t, exact)
	var packet ensemble.QuorumPacket
	_, err = jute.Decode(out.Bytes()[:size], &packet)
	require.NoError(t, err)
	require.Equal(t, ensemble.QuorumPacket{Type: ensemble.PacketSnap, Zxid: 2<<32 + 9}, packet)
	return out.Bytes()[size:]
}

func build(from io.Reader) (replica.JobDone, []byte) {
	return jobs.Build(from, &effects.Job{Generation: 4, UpTo: 2<<32 + 9},
		datatree.New(datatree.Options{Digest: true}), most)
}

// The tree of a stream is the leader's, as soon as what the leader applied meanwhile is replayed.
// Until then no digest is compared.
func TestATreeIsBuiltFromAStream(t *testing.T) {
	tree := leader(t)
	var meanwhile []*jute.Entry
	stream := streamed(t, tree, func(step int) {
		e := &jute.Entry{
			Header: jute.TxnHeader{Zxid: jute.Zxid(2<<32 + 10 + step), Type: jute.OpCreate},
		}
		child := create(fmt.Sprintf("/n0/m%d", step))
		child.ParentCVersion = int32(step + 1)
		e.Body = jute.Append(nil, child)
		var out datatree.Result
		tree.Lock()
		tree.Apply(e, &out)
		tree.Unlock()
		e.HasDigest, e.Digest = true, jute.TxnDigest{
			Version: jute.DigestVersion, TreeDigest: tree.Peek().TreeDigest(),
		}
		meanwhile = append(meanwhile, e)
	})
	require.Greater(t, len(meanwhile), 3)
	for name, reader := range map[string]func(io.Reader) io.Reader{
		"at once":           func(r io.Reader) io.Reader { return r },
		"byte by byte":      iotest.OneByteReader,
		"data with the end": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			next := []byte("the next packets")
			from := reader(bytes.NewReader(append(bytes.Clone(stream), next...)))
			done, beyond := build(from)
			require.NoError(t, done.Err)
			require.EqualValues(t, 4, done.Generation)
			require.EqualValues(t, 2<<32+9, done.Zxid)
			rest, err := io.ReadAll(from)
			require.NoError(t, err)
			require.Equal(t, next, append(beyond, rest...), "what was read too much comes back")
			built := done.Built
			require.Equal(t, sessions, built.Sessions())
			require.EqualValues(t, 2<<32+9, built.Tree.Peek().LastZxid())
			for _, e := range meanwhile {
				require.NoError(t, built.Replay(e))
			}
			require.Equal(t, tree.Peek().TreeDigest(), built.Tree.Peek().TreeDigest())
			require.Equal(t, tree.Peek().NodeCount(), built.Tree.Peek().NodeCount())
			require.Zero(t, built.Tree.Faults())
			wrong := func(zxid jute.Zxid) {
				require.NoError(t, built.Replay(&jute.Entry{
					Header:    jute.TxnHeader{Zxid: zxid, Type: jute.OpError},
					Body:      jute.Append(nil, &jute.ErrorResponse{Err: -1}),
					HasDigest: true,
					Digest:    jute.TxnDigest{Version: jute.DigestVersion, TreeDigest: 1},
				}))
			}
			wrong(2<<32 + 50)
			require.Zero(t, built.Tree.Faults().Mismatches, "the tree may still lack something")
			built.Whole()
			wrong(2<<32 + 51)
			require.EqualValues(t, 1, built.Tree.Faults().Mismatches)
		})
	}
}

// A stream that is cut anywhere gives no tree.
func TestAStreamThatIsCut(t *testing.T) {
	stream := streamed(t, leader(t), func(int) {})
	for n := range len(stream) {
		done, _ := build(bytes.NewReader(stream[:n]))
		require.Error(t, done.Err, n)
		require.Nil(t, done.Built)
		require.EqualValues(t, 4, done.Generation)
	}
}

func TestStreamsThatAreNoTree(t *testing.T) {
	good := streamed(t, leader(t), func(int) {})
	empty := new(bytes.Buffer)
	require.NoError(t, snap.NewBodyWriter(empty).End())
	signature := jute.AppendString(nil, ensemble.SnapSignature)
	orphan := new(bytes.Buffer)
	w := snap.NewBodyWriter(orphan)
	require.NoError(t, w.Node("", nil, -1, new(jute.StatPersisted)))
	require.NoError(t, w.Node("/a/b", nil, -1, new(jute.StatPersisted)))
	require.NoError(t, w.End())
	for name, c := range map[string]struct {
		stream []byte
		why    string
	}{
		"another signature": {append(bytes.Clone(good[:len(good)-1]), 'f'), "signature"},
		"no root":           {append(empty.Bytes(), signature...), "no root"},
		"a node without its parent": {append(orphan.Bytes(), signature...),
			datatree.ErrNoParent.Error()},
		"one without an end": {bytes.Repeat([]byte{0, 0, 1, 0}, most), "longer than"},
		"a negative length":  {[]byte{0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0}, "length"},
	} {
		t.Run(name, func(t *testing.T) {
			done, _ := build(bytes.NewReader(c.stream))
			require.ErrorContains(t, done.Err, c.why)
			require.ErrorContains(t, done.Err, "0x200000009")
			require.Nil(t, done.Built)
		})
	}
}
