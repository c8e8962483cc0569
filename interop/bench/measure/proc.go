package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is what the kernel knows of a process, by its id. It reads /proc and thus is Linux's.
type Process int

// RSS is the memory of the process that is in RAM, in bytes (VmRSS).
func (p Process) RSS() (int64, error) { return p.status("VmRSS:") }

// Peak is the highest RSS so far, in bytes (VmHWM).
func (p Process) Peak() (int64, error) { return p.status("VmHWM:") }

// Threads is the number of its threads.
func (p Process) Threads() (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p))
	return len(entries), err
}

// Descriptors is the number of its open files.
func (p Process) Descriptors() (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p))
	return len(entries), err
}

// CPU is the time its living threads have run, to the nanosecond.
func (p Process) CPU() (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p))
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, fmt.Errorf("process %d: no schedstat", p)
	}
	var sum time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		ran, _, _ := strings.Cut(string(text), " ")
		nanos, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += time.Duration(nanos)
	}
	return sum, nil
}

func (p Process) status(key string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("process %d: no %s", p, key)
}

// OwnCPU is the time that this process has run.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// PeakWatcher samples the RSS of a process: unlike Peak it can be told to begin again.
type PeakWatcher struct {
	process Process
	done    chan struct{}
	ended   sync.WaitGroup

	mu   sync.Mutex
	peak int64
}

// WatchPeak samples every 50 ms until Stop.
func WatchPeak(p Process) *PeakWatcher {
	w := &PeakWatcher{process: p, done: make(chan struct{})}
	w.sample()
	w.ended.Go(func() {
		t := time.NewTicker(50 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-t.C:
				w.sample()
			}
		}
	})
	return w
}

func (w *PeakWatcher) sample() {
	rss, err := w.process.RSS()
	if err != nil {
		return // it has ended, which others notice
	}
	w.mu.Lock()
	w.peak = max(w.peak, rss)
	w.mu.Unlock()
}

// Stop returns the largest RSS seen, in bytes.
func (w *PeakWatcher) Stop() int64 {
	close(w.done)
	w.ended.Wait()
	w.sample()
	return w.peak
}
