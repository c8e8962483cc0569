package output

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"quoll/client"
)

// Stat is a node's Stat as programs read it. Field names are frozen.
type Stat struct {
	Czxid          string `json:"czxid"`
	Mzxid          string `json:"mzxid"`
	Pzxid          string `json:"pzxid"`
	Ctime          string `json:"ctime"`
	Mtime          string `json:"mtime"`
	Version        int32  `json:"version"`
	Cversion       int32  `json:"cversion"`
	Aversion       int32  `json:"aversion"`
	EphemeralOwner string `json:"ephemeralOwner"`
	DataLength     int32  `json:"dataLength"`
	NumChildren    int32  `json:"numChildren"`

	raw client.Stat
}

// StatOf makes the fields of a Stat.
func StatOf(s client.Stat) *Stat {
	return &Stat{
		Czxid: s.Czxid.String(), Mzxid: s.Mzxid.String(), Pzxid: s.Pzxid.String(),
		Ctime: Time(s.Ctime), Mtime: Time(s.Mtime),
		Version: s.Version, Cversion: s.Cversion, Aversion: s.Aversion,
		EphemeralOwner: s.EphemeralOwner.String(),
		DataLength:     s.DataLength, NumChildren: s.NumChildren,
		raw: s,
	}
}

// Raw is the Stat itself.
func (s *Stat) Raw() client.Stat { return s.raw }

// Time is a time of a Stat in RFC 3339, in UTC.
func Time(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// Data is a node's data as programs read it: text, or base64 if it is not UTF-8. Data that is null
// is null. Embed it, behind the path.
type Data struct {
	Data     *string `json:"data"`
	Encoding *string `json:"encoding"`
}

// DataOf makes the fields of a node's data.
func DataOf(data []byte) Data {
	if data == nil {
		return Data{}
	}
	text, encoding := string(data), "utf8"
	if !utf8.Valid(data) {
		text, encoding = base64.StdEncoding.EncodeToString(data), "base64"
	}
	return Data{&text, &encoding}
}

// Stat writes the lines of a Stat for people: names as zkCli has them, times local and how long
// ago.
func (p *Page) Stat(s *Stat) {
	p.stat(s, func(ms int64) string {
		t := time.UnixMilli(ms)
		if !p.terminal {
			return Time(ms)
		}
		return t.Local().Format("2006-01-02 15:04:05 MST") + " (" + Ago(p.now().Sub(t)) + ")"
	})
}

// JavaStat writes the lines of a Stat as zkCli.sh does.
func (p *Page) JavaStat(s *Stat) {
	p.stat(s, func(ms int64) string {
		return time.UnixMilli(ms).Local().Format("Mon Jan 02 15:04:05 MST 2006")
	})
}

func (p *Page) stat(s *Stat, when func(ms int64) string) {
	p.Line("cZxid = ", s.Czxid)
	p.Line("ctime = ", when(s.raw.Ctime))
	p.Line("mZxid = ", s.Mzxid)
	p.Line("mtime = ", when(s.raw.Mtime))
	p.Line("pZxid = ", s.Pzxid)
	p.Line("cversion = ", number(s.Cversion))
	p.Line("dataVersion = ", number(s.Version))
	p.Line("aclVersion = ", number(s.Aversion))
	p.Line("ephemeralOwner = ", s.EphemeralOwner)
	p.Line("dataLength = ", number(s.DataLength))
	p.Line("numChildren = ", number(s.NumChildren))
}

func number(n int32) string { return strconv.Itoa(int(n)) }

// Ago is how long ago something was, in the largest unit.
func Ago(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{
		{365 * 24 * time.Hour, "y"}, {24 * time.Hour, "d"}, {time.Hour, "h"},
		{time.Minute, "min"}, {time.Second, "s"},
	} {
		if d >= unit.size {
			return strconv.Itoa(int(d/unit.size)) + " " + unit.name + " ago"
		}
	}
	return "now"
}
