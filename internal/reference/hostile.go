package reference

import (
	"context"
	"fmt"
	"strings"

	"quoll/client/wire"
	"quoll/jute"
)

// A Write is a request that changes the tree.
type Write struct {
	Op   jute.OpCode
	Body jute.Record
}

// Ending is what becomes of Apache's server after a write.
type Ending int

// The endings.
const (
	Lives        Ending = iota // nothing happens
	EndsLive                   // the process ends when it applies Write or Then
	EndsLoading                // it does not start from the snapshot that it writes after them
	CannotMeter                // it lives, but its mntr and its metrics fail
	ReadsAnother               // it lives, but reads another number than a server without Java
)

// refused says that a server of ours answers BadArguments, so that Apache's server can take over
// its directory. A limit that cannot be metered is taken, as by Apache's: clients make limits of
// any text first and set them then.
func (e Ending) refused() bool { return e != Lives && e != CannotMeter }

// Hostile is a write, or a row of them, that ends Apache's server or comes close to it. Before
// prepares it and is harmless; Then is what makes Apache trip over it.
type Hostile struct {
	Name   string
	Before []Write
	Write  Write
	Then   []Write
	Apache Ending
}

const quotas = "/zookeeper/quota"

// made is a create of a node with data; null data is null.
func made(path string, data []byte) Write {
	return Write{jute.OpCreate, &jute.CreateRequest{
		Path: []byte(path), Data: data, ACL: wire.World(),
	}}
}

// plain is the creates of nodes without data.
func plain(paths ...string) (all []Write) {
	for _, p := range paths {
		all = append(all, made(p, []byte{}))
	}
	return all
}

func gone(path string) Write {
	return Write{jute.OpDelete, &jute.PathVersion{Path: []byte(path), Version: -1}}
}

func given(path string, data []byte) Write {
	return Write{jute.OpSetData, &jute.SetDataRequest{
		Path: []byte(path), Data: data, Version: -1,
	}}
}

func together(ops ...jute.MultiOp) Write {
	return Write{jute.OpMulti, &jute.MultiRequest{Ops: ops}}
}

const (
	limits    = "/zookeeper_limits"
	stats     = "/zookeeper_stats"
	goodLimit = "count=100,bytes=-1"
	goodStats = "count=0,bytes=0"
)

// underQuota is a quota on /name, and the change that makes a server read its stats.
func underQuota(name string) (before, then []Write) {
	at := quotas + "/" + name
	before = append(plain("/"+name, at),
		made(at+limits, []byte(goodLimit)), made(at+stats, []byte(goodStats)))
	return before, plain("/" + name + "/kid")
}

// Hostiles returns the rows. Each uses nodes of its own, so that they can follow each other; a row
// leaves what it made.
func Hostiles() []Hostile {
	rows := append(append(quotaNames(), strangeNames()...), deep())
	for i, text := range []struct {
		name string
		text []byte
		ends Ending
	}{
		{"null", nil, EndsLive},
		{"no value", []byte("count"), EndsLive},
		{"only =", []byte("="), EndsLive},
		{"an empty pair in front", []byte(",count=1"), EndsLive},
		{"an empty value at the end", []byte("count=1,bytes="), EndsLive},
		{"a word", []byte("count=many"), EndsLive},
		{"a blank", []byte("count=1 ,bytes=2"), EndsLive},
		{"one more than a long", []byte("count=9223372036854775808"), EndsLive},
		{"not ASCII", []byte("count=é"), EndsLive},
		{"not UTF-8", []byte("count=\xff"), EndsLive},
		{"digits of another script", []byte("count=٣,bytes=٤"), ReadsAnother},
		{"a name that is not ASCII", []byte("é=1"), ReadsAnother},
		{"empty", []byte{}, Lives},
		{"only separators", []byte(",;,"), Lives},
		{"an empty number", []byte("count==5"), Lives},
		{"the largest count", []byte("count=9223372036854775807,bytes=-5"), Lives},
	} {
		name := fmt.Sprintf("h%d", i)
		before, then := underQuota(name)
		at := quotas + "/" + name
		rows = append(rows,
			Hostile{"stats: " + text.name, before, given(at+stats, text.text), then, text.ends})
		if text.ends == EndsLive && text.text != nil {
			name := fmt.Sprintf("l%d", i)
			at := quotas + "/" + name
			rows = append(rows, Hostile{
				"limits: " + text.name, plain("/"+name, at), made(at+limits, text.text),
				plain("/" + name + "/kid"), CannotMeter,
			})
		}
	}
	return rows
}

// quotaNames is limit and stat nodes at places of their own.
func quotaNames() []Hostile {
	limit := []byte(goodLimit)
	before, then := underQuota("multi")
	return []Hostile{
		{"a quota on the root", nil, made(quotas+limits, limit), nil, EndsLive},
		{
			"a quota on a blank", plain(quotas + "/ "), made(quotas+"/ "+limits, limit),
			[]Write{gone(quotas + "/ " + limits)}, EndsLive,
		},
		{
			"a quota behind the name of a limit", plain(quotas + limits + "X"),
			made(quotas+limits+"X"+limits, limit), nil, EndsLoading,
		},
		{
			"a multi that breaks the stats", before, together(
				wire.CreateOp("/multi/first", nil, nil, jute.ModePersistent),
				wire.SetOp(quotas+"/multi"+stats, []byte("?"), -1),
			), then, EndsLive,
		},
		{
			"stats that are overwritten when they are made", append(plain("/made", quotas+"/made"),
				made(quotas+"/made"+limits, limit)),
			made(quotas+"/made"+stats, []byte("x")), plain("/made/kid"), Lives,
		},
		{
			"null stats that are overwritten", append(plain("/null", quotas+"/null"),
				made(quotas+"/null"+limits, limit)),
			made(quotas+"/null"+stats, nil), plain("/null/kid"), Lives,
		},
		{"stats of the root", nil, made(quotas+stats, limit), plain("/counted"), Lives},
		{
			"a quota on /zookeeper", plain(quotas + "/zookeeper"),
			made(quotas+"/zookeeper"+limits, limit), append(
				[]Write{made(quotas+"/zookeeper"+stats, []byte(goodStats))},
				plain("/zookeeper/kid")...), Lives,
		},
		{
			"a quota beside /zookeeper/quota", plain("/zookeeper/quotas"),
			made("/zookeeper/quotas"+limits, limit), []Write{
				made("/zookeeper/quotas"+stats, []byte(goodStats)),
				gone("/zookeeper/quotas" + limits),
			}, Lives,
		},
		{
			"a quota with a blank before it", plain("/seen", quotas+"/  ", quotas+"/  /seen"),
			made(quotas+"/  /seen"+limits, limit), plain("/seen/kid"), Lives,
		},
		{
			"a limit below a limit", plain("/deep", quotas+"/deep", quotas+"/deep"+limits+"s"),
			made(quotas+"/deep"+limits+"s"+limits, limit), plain("/deep/kid"), Lives,
		},
	}
}

// strangeNames is nodes with the name of a limit node that are none: Apache takes them for one when
// they are deleted.
func strangeNames() (rows []Hostile) {
	for _, parent := range []string{"/zookeeper", "/zookeeperabcdef", "/zookeeperéüö"} {
		path := parent + limits
		var before []Write
		if parent != "/zookeeper" {
			before = plain(parent)
		}
		rows = append(rows, Hostile{
			"a node " + path, before, made(path, []byte{}), []Write{gone(path)}, EndsLive,
		})
	}
	owned := Write{jute.OpCreate, &jute.CreateRequest{
		Path: []byte("/zookeeper" + limits), Data: []byte{}, ACL: wire.World(),
		Flags: jute.ModeEphemeral,
	}}
	path := "/zookeeperabcdefg" + limits
	before, then := underQuota("g")
	return append(rows,
		Hostile{
			"an ephemeral with that name", nil, owned,
			[]Write{{Op: jute.OpCloseSession}}, EndsLive,
		},
		Hostile{
			"a longer name", append(before, plain("/zookeeperabcdefg")...),
			made(path, []byte{}), append([]Write{gone(path)}, then...), Lives,
		})
}

// deep is a tree in which every node has one child. Apache's server goes down to it by recursion
// when it writes a snapshot, as it does at each start.
func deep() Hostile {
	level := func(n int) string { return strings.Repeat("/d", n) }
	row := Hostile{Name: "a path of 1,001 levels", Apache: EndsLoading}
	for n := 1; n <= 3000; n++ {
		switch w := made(level(n), []byte{}); {
		case n <= 1000:
			row.Before = append(row.Before, w)
		case n == 1001:
			row.Write = w
		default:
			row.Then = append(row.Then, w)
		}
	}
	return row
}

// Send sends writes and waits for the answers. The first one that is not OK is the error.
func Send(ctx context.Context, c *wire.Conn, writes ...Write) error {
	asked := make([]*wire.Future, len(writes))
	for i, w := range writes {
		asked[i] = c.Send(w.Op, w.Body)
	}
	for i, w := range writes {
		code, err := codeOf(ctx, w.Op, asked[i])
		if err != nil {
			return err
		}
		if code != jute.OK {
			return fmt.Errorf("%v %s: %w", w.Op, pathOf(w.Body), code)
		}
	}
	return nil
}

func pathOf(r jute.Record) string {
	if r == nil {
		return ""
	}
	return jute.Format(r)
}

// RefuseHostiles runs all rows on a server that must refuse those that would end Apache's.
func RefuseHostiles(ctx context.Context, addr string) (Report, error) {
	var report Report
	for _, row := range Hostiles() {
		c, err := dial(ctx, addr, "", wire.Options{})
		if err != nil {
			return report, err
		}
		if err := Send(ctx, c, row.Before...); err != nil {
			return report, fmt.Errorf("%s: %w", row.Name, err)
		}
		want := jute.BadArguments
		if !row.Apache.refused() {
			want = jute.OK
		}
		got, err := codeOf(ctx, row.Write.Op, c.Send(row.Write.Op, row.Write.Body))
		if err != nil {
			return report, fmt.Errorf("%s: %w", row.Name, err)
		}
		report.want(row.Name, got, want)
		if !row.Apache.refused() {
			if err := Send(ctx, c, row.Then...); err != nil {
				report.add("%s: %v", row.Name, err)
			}
		}
		if err := c.Close(ctx); err != nil {
			return report, err
		}
	}
	return report, nil
}
