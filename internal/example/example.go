package example

import (
	"log"
	"testing"

	"quoll/client"
	"quoll/zktest"
)

// Client is a client of a server of its own. A program calls client.Dial there.
func Client() (c *client.Client, stop func()) {
	t := &tb{}
	return zktest.Start(t).Client(), t.end
}

// Servers is the connection string of a server of its own. A program has its own there:
// "zk1:2181,zk2:2181,zk3:2181/app".
func Servers() (servers string, stop func()) {
	t := &tb{}
	return zktest.Start(t).Servers(), t.end
}

// tb is what zktest needs of a testing.TB.
type tb struct {
	testing.TB
	cleanups []func()
}

func (t *tb) Helper()           {}
func (t *tb) Cleanup(f func())  { t.cleanups = append(t.cleanups, f) }
func (t *tb) Fatal(args ...any) { log.Fatal(args...) }
func (t *tb) Error(args ...any) { log.Print(args...) }

func (t *tb) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}
