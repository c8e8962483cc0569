package metrics

import (
	"io"
	"math"
	"strconv"
	"strings"
)

// A Value is a number or a text. String prints it as Apache's mntr does.
type Value struct {
	int   int64
	float float64
	text  string
	kind  valueKind
}

type valueKind uint8

const (
	isInt valueKind = iota
	isFloat
	isText
)

// Int is a whole number.
func Int(n int64) Value { return Value{int: n} }

func (v Value) String() string {
	switch v.kind {
	case isFloat:
		return JavaDouble(v.float)
	case isText:
		return v.text
	}
	return strconv.FormatInt(v.int, 10)
}

// JavaDouble prints a number as Java prints a double: always with a point, and
// from 10^7 up and below 10^-3 with an exponent.
func JavaDouble(f float64) string {
	magnitude := math.Abs(f)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return map[bool]string{true: "NaN", false: "Infinity"}[math.IsNaN(f)]
	}
	if magnitude != 0 && (magnitude < 1e-3 || magnitude >= 1e7) {
		text := strconv.FormatFloat(f, 'e', -1, 64)
		mantissa, exponent, _ := strings.Cut(text, "e")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, _ := strconv.Atoi(exponent)
		return mantissa + "E" + strconv.Itoa(n)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// Dump calls sink for every metric. The order of the kinds is Apache's: texts,
// gauges, counters, summaries. The sets of a kind follow it.
func (r *Registry) Dump(sink func(key string, v Value)) {
	r.mu.Lock()
	texts, gauges, gaugeSets := r.texts, r.gauges, r.gaugeSets
	counters, counterSets := r.counters, r.counterSets
	summaries, summarySets := r.summaries, r.summarySets
	r.mu.Unlock()
	for _, t := range texts {
		sink(t.name, Value{text: t.metric(), kind: isText})
	}
	for _, g := range gauges {
		if v, ok := g.metric(); ok {
			sink(g.name, v)
		}
	}
	for _, g := range gaugeSets {
		g.metric(func(key string, n int64) { sink(key+"_"+g.name, Int(n)) })
	}
	for _, c := range counters {
		sink(c.name, Int(c.metric.Value()))
	}
	for _, c := range counterSets {
		c.metric.each(func(key string, n int64) { sink(key+"_"+c.name, Int(n)) })
	}
	for _, advanced := range []bool{false, true} {
		for _, s := range summaries {
			if s.metric.advanced == advanced {
				s.metric.dump(s.name, sink)
			}
		}
	}
	for _, set := range summarySets {
		set.metric.each(func(key string, s *Summary) { s.dump(key+"_"+set.name, sink) })
	}
}

func (s *Summary) dump(name string, sink func(string, Value)) {
	snap := s.Snapshot()
	sink("avg_"+name, Value{float: snap.Average(), kind: isFloat})
	sink("min_"+name, Int(snap.Min))
	sink("max_"+name, Int(snap.Max))
	sink("cnt_"+name, Int(snap.Count))
	sink("sum_"+name, Int(snap.Sum))
	if !s.advanced {
		return
	}
	sink("p50_"+name, rounded(snap.Quantile(0.5)))
	sink("p95_"+name, rounded(snap.Quantile(0.95)))
	sink("p99_"+name, rounded(snap.Quantile(0.99)))
	sink("p999_"+name, rounded(snap.Quantile(0.999)))
}

func rounded(f float64) Value { return Int(int64(math.Floor(f + 0.5))) }

// maxLines bounds the answer to mntr, because readers stop at 500 lines.
const maxLines = 480

// WriteMntr prints the answer to the four letter word mntr. A line is zk_<key>, a
// tab, the value. Readers drop the whole answer if one line has another form. So a
// metric whose key or value would make such a line is left out. Lines beyond
// maxLines are left out too; these are lines of sets.
func (r *Registry) WriteMntr(w io.Writer) error {
	var b strings.Builder
	lines := 0
	r.Dump(func(key string, v Value) {
		value := v.String()
		if lines == maxLines || !plain(key) || value == "" || strings.ContainsAny(value, "\n\r") {
			return
		}
		lines++
		b.WriteString("zk_" + key + "\t" + value + "\n")
	})
	_, err := io.WriteString(w, b.String())
	return err
}

// plain reports whether a key has only characters that readers accept in a key.
func plain(key string) bool {
	for _, c := range []byte(key) {
		ok := c == '_' || c == '.' || c == '-' || '0' <= c && c <= '9' ||
			'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !ok {
			return false
		}
	}
	return key != ""
}
