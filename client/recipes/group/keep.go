package group

import (
	"context"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// keep keeps the node in being until the member leaves.
func (m *Member) keep() {
	defer func() {
		go m.remove()
		close(m.done)
	}()
	for m.ctx.Err() == nil {
		err := m.watch()
		if err == nil {
			continue
		}
		if err = hold.Again(m.ctx, m.c, err); err != nil {
			m.mu.Lock()
			if m.ctx.Err() == nil {
				m.err = err
			}
			m.mu.Unlock()
			return
		}
	}
}

// watch waits for one thing to happen, and does what it asks for.
func (m *Member) watch() error {
	_, stat, w, err := m.c.GetW(m.ctx, m.path)
	if errors.Is(err, client.ErrNoNode) || err == nil && stat.EphemeralOwner != m.session.ID() {
		if err == nil {
			_ = w.Close()
		}
		return m.rejoin()
	}
	if err != nil {
		return err
	}
	defer w.Close()
	if err := m.write(); err != nil {
		return err
	}
	select {
	case <-w.Fired():
	case u := <-m.updates:
		m.data, m.waiting = u.data, append(m.waiting, u)
	case <-m.ctx.Done():
	}
	return nil
}

// write brings the data to the server, if it is not there.
func (m *Member) write() error {
	if len(m.waiting) == 0 {
		return nil
	}
	_, err := m.c.Set(m.ctx, m.path, m.data, client.AnyVersion)
	switch {
	case errors.Is(err, client.ErrNoNode):
		return m.rejoin()
	case err == nil, !hold.Passing(err) && !hold.Ended(err) && m.ctx.Err() == nil:
		m.answer(err) // the server has it, or refuses it
		return nil
	}
	return err
}

func (m *Member) answer(err error) {
	for _, u := range m.waiting {
		u.answer <- err
	}
	m.waiting = nil
}

// rejoin makes the node again.
func (m *Member) rejoin() error {
	if err := m.enter(m.ctx); err != nil {
		return err
	}
	m.answer(nil)
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.rejoined)
	m.rejoined = make(chan struct{})
	return nil
}

// enter makes the node. A node of another session is waited for. After an error there is none of
// this member, or it is being deleted in the background.
func (m *Member) enter(ctx context.Context) error {
	session, err := hold.Session(ctx, m.c)
	if err != nil {
		return err
	}
	asked := false // a create was sent and not answered
	for {
		_, stat, err := m.c.Create(ctx, m.path, m.data, client.Ephemeral)
		switch {
		case err == nil:
			return m.entered(stat)
		case errors.Is(err, client.ErrNoNode):
			err = hold.Parents(ctx, m.c, m.dir, client.World())
		case errors.Is(err, client.ErrNodeExists):
			var mine bool
			if mine, err = m.occupied(ctx, session, asked); mine {
				return err
			}
		case errors.Is(err, client.ErrUnknownOutcome) && ctx.Err() == nil && !hold.Ended(err):
			asked = true
			continue
		case errors.Is(err, client.ErrUnknownOutcome) && !hold.Ended(err):
			asked = true
		}
		if err != nil {
			if asked {
				go hold.Remove(m.c, session, m.path)
			}
			return err
		}
		if now := m.c.Session(); now.ID() != session.ID() {
			session, asked = now, false
		}
	}
}

// occupied looks whose the node is that is there already. If it is not this member's, it waits
// until something happens to it.
func (m *Member) occupied(
	ctx context.Context, session *client.Session, asked bool,
) (mine bool, err error) {
	_, stat, w, err := m.c.GetW(ctx, m.path)
	switch {
	case errors.Is(err, client.ErrNoNode):
		return false, nil
	case err != nil:
		return false, err
	}
	defer w.Close()
	if stat.EphemeralOwner == session.ID() {
		if asked {
			return true, m.entered(stat)
		}
		return false, fmt.Errorf("%w: another member of this client has the id", hold.ErrBusy)
	}
	_, err = w.Next(ctx)
	if errors.Is(err, client.ErrSessionExpired) {
		err = nil // that of this client: the watch is gone, and the loop sets another
	}
	return false, err
}

// entered notes whose the node is.
func (m *Member) entered(stat client.Stat) error {
	session := m.c.Session()
	if session.ID() != stat.EphemeralOwner {
		return client.ErrSessionExpired
	}
	m.session = session
	return nil
}

// remove deletes the node until it is gone.
func (m *Member) remove() {
	hold.Remove(m.c, m.session, m.path)
	close(m.left)
}
