package lock

import (
	"context"
	"errors"
	"strings"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/line"
)

// Contender is one who holds the lock or waits for it.
type Contender struct {
	Path    string           // of its node
	Session client.SessionID // that its node goes with
	Token   client.Zxid      // that it has when it holds the lock
	Data    []byte           // WithData
	Since   time.Time        // when it made the node, by the server's clock
	Reads   bool             // it wants the lock for reading only
}

// Contenders are those who hold the lock or wait for it, the holder first. Those of a pair of read
// and write lock are all in one list. For a simple lock it is the holder alone. The list may be old
// when it is read.
func (m *Mutex) Contenders(ctx context.Context) ([]Contender, error) {
	list, err := m.contenders(ctx)
	return list, hold.Wrap("contenders", m.line.Path, err)
}

func (m *Mutex) contenders(ctx context.Context) ([]Contender, error) {
	names := []string{line.SimpleName}
	if !m.simple {
		var err error
		if names, err = m.line.Names(ctx); err != nil {
			return nil, err
		}
	}
	nodes := make([]*client.Future[client.Node], len(names))
	for i, name := range names {
		nodes[i] = m.line.Client.Async().Get(ctx, hold.Join(m.line.Path, name))
	}
	var list []Contender
	for i := range nodes {
		node, err := nodes[i].Wait(ctx)
		if errors.Is(err, client.ErrNoNode) {
			continue // it has left meanwhile
		}
		if err != nil {
			return nil, err
		}
		list = append(list, Contender{
			Path: hold.Join(m.line.Path, names[i]), Session: node.Stat.EphemeralOwner,
			Token: node.Stat.Czxid, Data: node.Data, Since: time.UnixMilli(node.Stat.Ctime),
			Reads: m.reads(names[i]),
		})
	}
	return list, nil
}

// reads says that a name is that of a reader.
func (m *Mutex) reads(name string) bool {
	mark := line.Read(m.line.Kind.Layout).Mark
	return !m.simple && strings.Contains(name, mark)
}
