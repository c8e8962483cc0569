package metrics

import (
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func mntr(t *testing.T, r *Registry) []string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteMntr(&b); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestMntrPrintsAsApacheDoes(t *testing.T) {
	r := NewRegistry()
	r.Advanced("readlatency").Recorder().Add(7)
	basic := r.Summary("fsynctime").Recorder()
	for _, v := range []int64{1, 1, 2} {
		basic.Add(v)
	}
	r.SummarySet("write_per_namespace").Recorder("zookeeper").Add(3)
	c := r.CounterSet("quota_exceeded_error_per_namespace")
	c.Add("b", 1)
	c.Add("a", 2)
	r.Counter("commit_count").Add(9)
	r.GaugeSet("quota_count_limit_per_namespace", func(yield func(string, int64)) {
		yield("a", 10)
	})
	r.Float("avg_latency", func() float64 { return 0 })
	r.Gauge("znode_count", func() int64 { return 5 })
	r.Optional("learners", func() (int64, bool) { return 0, false })
	r.Text("version", func() string { return "3.9.5, built on 2026" })
	want := []string{
		"zk_version\t3.9.5, built on 2026",
		"zk_avg_latency\t0.0",
		"zk_znode_count\t5",
		"zk_a_quota_count_limit_per_namespace\t10",
		"zk_commit_count\t9",
		"zk_a_quota_exceeded_error_per_namespace\t2",
		"zk_b_quota_exceeded_error_per_namespace\t1",
		"zk_avg_fsynctime\t1.3333",
		"zk_min_fsynctime\t1",
		"zk_max_fsynctime\t2",
		"zk_cnt_fsynctime\t3",
		"zk_sum_fsynctime\t4",
		"zk_avg_readlatency\t7.0",
		"zk_min_readlatency\t7",
		"zk_max_readlatency\t7",
		"zk_cnt_readlatency\t1",
		"zk_sum_readlatency\t7",
		"zk_p50_readlatency\t7",
		"zk_p95_readlatency\t7",
		"zk_p99_readlatency\t7",
		"zk_p999_readlatency\t7",
		"zk_avg_zookeeper_write_per_namespace\t3.0",
		"zk_min_zookeeper_write_per_namespace\t3",
		"zk_max_zookeeper_write_per_namespace\t3",
		"zk_cnt_zookeeper_write_per_namespace\t1",
		"zk_sum_zookeeper_write_per_namespace\t3",
	}
	if got := mntr(t, r); !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// Telegraf drops a whole answer if one line does not have this form.
var telegraf = regexp.MustCompile(`^zk_(\w[\w.\-]*)\s+([\w.\-]+)$`)

func TestMntrStaysPlainAndShort(t *testing.T) {
	r := NewRegistry()
	s := NewServer(r)
	before := len(mntr(t, r))
	if before < 380 || before > maxLines-40 {
		t.Errorf("%d lines: the gauges need room too", before)
	}
	s.Namespaces.QuotaExceeded.Add("a b", 1)
	s.Namespaces.QuotaExceeded.Add("a\nzk_version\t1", 1)
	for i := range 200 {
		key := "ns" + strings.Repeat("x", i)
		recorder := s.Namespaces.Write.Recorder(key)
		if (recorder == nil) != (i >= maxKeys) {
			t.Errorf("key %d has recorder %v", i, recorder)
		}
		recorder.Add(1)
		s.Namespaces.QuotaExceeded.Add(key, 1)
	}
	lines := mntr(t, r)
	if len(lines) != maxLines {
		t.Errorf("%d lines", len(lines))
	}
	seen := map[string]bool{}
	for _, line := range lines {
		m := telegraf.FindStringSubmatch(line)
		if m == nil || seen[m[1]] {
			t.Errorf("line %q", line)
			continue
		}
		seen[m[1]] = true
	}
}

func TestReset(t *testing.T) {
	r := NewRegistry()
	c, s := r.Counter("c"), r.Advanced("s")
	first, second := s.Recorder(), s.Recorder()
	c.Add(1)
	first.Add(5)
	second.Add(9)
	if snap := s.Snapshot(); snap.Count != 2 || snap.Min != 5 || snap.Max != 9 {
		t.Errorf("%+v", snap)
	}
	r.Reset()
	if snap := s.Snapshot(); snap.Count != 0 || snap.Sum != 0 || snap.Quantile(0.5) != 0 {
		t.Errorf("%+v", snap)
	}
	second.Add(3)
	snap := s.Snapshot()
	if c.Value() != 0 || snap.Count != 1 || snap.Sum != 3 || snap.Min != 3 || snap.Max != 3 {
		t.Errorf("counter %d, %+v", c.Value(), snap)
	}
}

func TestNothingToCountWith(t *testing.T) {
	var r *Recorder
	r.Add(1)
	var c *Counter
	c.Add(1)
}

func TestARegisteredNameIsTaken(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("registered twice")
		}
	}()
	r := NewRegistry()
	r.Counter("a")
	r.Gauge("a", func() int64 { return 0 })
}

func TestBucketsHoldWhatTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64().Draw(t, "v")
		b := bucketOf(v)
		if b < 0 || b >= buckets {
			t.Fatalf("bucket %d", b)
		}
		clamped := min(max(v, 0), maxValue)
		low := valueOf(b)
		if low > clamped || bucketOf(low) != b {
			t.Fatalf("%d is in bucket %d, which starts at %d", v, b, low)
		}
		if b+1 < buckets && valueOf(b+1) <= clamped {
			t.Fatalf("%d is in bucket %d, and the next starts at %d", v, b, valueOf(b+1))
		}
		if clamped-low > low/32 {
			t.Fatalf("%d is told as %d", v, low)
		}
	})
}

// The model sorts all values and reads percentiles as Apache's library does.
func TestSummaryAgainstTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := NewRegistry()
		s := r.Advanced("s")
		recorders := []*Recorder{s.Recorder(), s.Recorder(), s.Recorder()}
		values := rapid.SliceOf(rapid.Int64Range(0, 1<<20)).Draw(t, "values")
		var sum int64
		for i, v := range values {
			recorders[i%3].Add(v)
			sum += v
		}
		slices.Sort(values)
		snap := s.Snapshot()
		if snap.Count != int64(len(values)) || snap.Sum != sum {
			t.Fatalf("%+v", snap)
		}
		if len(values) == 0 {
			return
		}
		if snap.Min != values[0] || snap.Max != values[len(values)-1] {
			t.Fatalf("min %d max %d of %v", snap.Min, snap.Max, values)
		}
		for _, q := range []float64{0.5, 0.95, 0.99, 0.999} {
			want, got := sample(values, q), snap.Quantile(q)
			if math.Abs(got-want) > want/16+1e-6 {
				t.Fatalf("p%v is %v, want about %v of %v", q, got, want, values)
			}
		}
	})
}

func sample(sorted []int64, q float64) float64 {
	position := q * float64(len(sorted)+1)
	i := int(position)
	if i < 1 {
		return float64(sorted[0])
	}
	if i >= len(sorted) {
		return float64(sorted[len(sorted)-1])
	}
	lower, upper := float64(sorted[i-1]), float64(sorted[i])
	return lower + (position-math.Floor(position))*(upper-lower)
}

func TestJavaDouble(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 1: "1.0", 0.5: "0.5", 1.3333: "1.3333", -2: "-2.0", 1234567: "1234567.0",
		9999999: "9999999.0", 1e7: "1.0E7", 12345678.9: "1.23456789E7", 0.001: "0.001",
		0.0001: "1.0E-4", 0.00025: "2.5E-4", math.Inf(1): "Infinity", 100: "100.0",
	} {
		if got := JavaDouble(f); got != want {
			t.Errorf("%v prints %q, want %q", f, got, want)
		}
	}
	if Average(2, 3) != 0.6667 || Average(1, 0) != 0 || Average(1, 8) != 0.125 {
		t.Error("averages")
	}
}

// Writers, readers and resets run at once, for the race detector, and no value is lost.
func TestManyWriters(t *testing.T) {
	r := NewRegistry()
	s, c := r.Advanced("s"), r.Counter("c")
	set := r.SummarySet("set")
	const writers, each = 4, 5000
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(w)))
			rec, keyed := s.Recorder(), set.Recorder("k")
			for range each {
				rec.Add(rng.Int64N(1000))
				keyed.Add(1)
				c.Add(1)
			}
		})
	}
	stop, reading := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(reading)
		for {
			select {
			case <-stop:
				return
			default:
				r.Dump(func(string, Value) {})
			}
		}
	}()
	wait.Wait()
	close(stop)
	<-reading
	if n := s.Snapshot().Count; n != writers*each || c.Value() != writers*each {
		t.Errorf("%d values, counter %d", n, c.Value())
	}
}

func BenchmarkRecorder(b *testing.B) {
	rec := NewRegistry().Advanced("s").Recorder()
	for i := range b.N {
		rec.Add(int64(i & 127))
	}
}
