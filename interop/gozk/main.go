package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
)

// patience bounds every wait.
const patience = 20 * time.Second

type harness struct {
	addr     string
	stdin    *bufio.Reader
	failures int
}

func main() {
	h := &harness{addr: os.Args[1], stdin: bufio.NewReader(os.Stdin)}
	h.nodes()
	h.watches()
	h.sessions()
	if h.failures > 0 {
		os.Exit(1)
	}
}

func (h *harness) check(name string, f func() error) {
	if err := f(); err != nil {
		h.failures++
		fmt.Printf("FAIL %s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", " "))
		return
	}
	fmt.Println("PASS", name)
}

// ask prints a request to the runner and waits for its answer.
func (h *harness) ask(request, answer string) error {
	fmt.Println(request)
	line, err := h.stdin.ReadString('\n')
	if err != nil {
		return err
	}
	return equal(answer, strings.TrimSpace(line))
}

func (h *harness) restart() error { return h.ask("RESTART", "RESTARTED") }
func (h *harness) crash() error   { return h.ask("CRASH", "RESTARTED") }
func (h *harness) pause(d time.Duration) error {
	return h.ask(fmt.Sprintf("PAUSE %d", d.Milliseconds()), "RESUMED")
}

// open connects and waits for a session.
func (h *harness) open(timeout time.Duration, addr string) (*client, error) {
	c := &client{}
	conn, events, err := zk.Connect([]string{addr}, timeout, zk.WithDialer(c.dial),
		zk.WithLogInfo(false), zk.WithLogger(silent{}))
	if err != nil {
		return nil, err
	}
	c.Conn, c.events = conn, events
	if err := c.await(zk.StateHasSession); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// expect fails unless the next event of a watch is this one.
func expect(watch <-chan zk.Event, kind zk.EventType, path string) error {
	select {
	case event := <-watch:
		if event.Type != kind || event.Path != path || event.Err != nil {
			return fmt.Errorf("want %v %s, got %+v", kind, path, event)
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("want %v %s, nothing came", kind, path)
	}
}

// none fails if the watch has fired; a request after the change has been answered by then.
func none(watch <-chan zk.Event) error {
	select {
	case event := <-watch:
		return fmt.Errorf("unexpected %+v", event)
	default:
		return nil
	}
}

func equal(want, got any) error {
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("want %v, got %v", want, got)
	}
	return nil
}

// fails says whether err is the one that is wanted.
func fails(want, err error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("want %q, got %v", want, err)
	}
	return nil
}

// all joins the outcomes of one check.
func all(outcomes ...error) error { return errors.Join(outcomes...) }

// first drops all results but the error.
func first[T any](_ T, err error) error { return err }

func second[T, U any](_ T, _ U, err error) error { return err }
