package reference

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"quoll/client/wire"
	"quoll/jute"
)

// identity tries when a request's identity is taken: at its receipt, also when its answer waits
// behind a write, and the identity comes while it waits.
func identity(ctx context.Context, addr string) (Report, error) {
	owner, err := dial(ctx, addr, Admin, wire.Options{})
	if err != nil {
		return nil, err
	}
	defer owner.Close(ctx)
	err = settle(ctx, []*wire.Future{
		create(owner, "/identity", wire.World()),
		create(owner, "/identity/open", wire.World()),
		create(owner, "/identity/mine", gives(jute.PermAll)),
	})
	if err != nil {
		return nil, err
	}
	c, err := dial(ctx, addr, "", wire.Options{})
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx)
	get := func() *wire.Future {
		return c.Send(jute.OpGetData, &jute.PathWatch{Path: []byte("/identity/mine")})
	}
	set := func(path string) *wire.Future {
		return c.Send(jute.OpSetData, &jute.SetDataRequest{Path: []byte(path), Version: -1})
	}
	asked := []*wire.Future{
		set("/identity/open"), get(), set("/identity/mine"), get(),
		c.SendXid(jute.XidAuth, jute.OpAuth,
			&jute.AuthPacket{Scheme: []byte("digest"), Auth: []byte(user)}),
		get(), set("/identity/mine"), get(),
	}
	want := []jute.ErrorCode{
		jute.OK, jute.NoAuth, jute.NoAuth, jute.NoAuth,
		jute.OK,
		jute.OK, jute.OK, jute.OK,
	}
	names := []string{
		"a write of everybody's", "a read behind it, before the auth", "a write before the auth",
		"a read behind that", "the auth", "a read after it", "a write after it",
		"a read behind that",
	}
	var report Report
	for i, f := range asked {
		got, err := codeOf(ctx, jute.OpGetData, f)
		if err != nil {
			return report, err
		}
		report.want(names[i], got, want[i])
	}
	return report, nil
}

// passwords tries to take over a session with passwords that are nearly its own. Even a wrong one
// ends the connection that has the session, in Apache too; the session itself lives on.
func passwords(ctx context.Context, addr string) (Report, error) {
	first, err := wire.Dial(ctx, addr, wire.Options{})
	if err != nil {
		return nil, err
	}
	defer first.Abort()
	s := first.Session()
	right := s.Passwd
	flipped := func(i int) []byte {
		p := bytes.Clone(right)
		p[i] ^= 1
		return p
	}
	wrong := map[string][]byte{
		"none": {}, "its first byte": right[:1], "all but the last byte": right[:len(right)-1],
		"a byte more":  append(bytes.Clone(right), 0),
		"twice":        append(bytes.Clone(right), right...),
		"first bit":    flipped(0),
		"last bit":     flipped(len(right) - 1),
		"zeros":        make([]byte, len(right)),
		"the last 15":  right[1:],
		"one zero":     {0},
		"a zero ahead": append([]byte{0}, right...),
	}
	var report Report
	names := make([]string, 0, len(wrong))
	for name := range wrong {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c, err := wire.Dial(ctx, addr, wire.Options{SessionID: s.ID, Passwd: wrong[name]})
		if err == nil {
			c.Abort()
		}
		if !errors.Is(err, wire.ErrExpired) {
			report.add("password %s: %v, want the answer of an expired session", name, err)
		}
	}
	taken, err := wire.Dial(ctx, addr, wire.Options{SessionID: s.ID, Passwd: right})
	if err != nil {
		report.add("the right password: %v", err)
		return report, nil
	}
	if taken.Session().ID != s.ID {
		report.add("the right password gave session %v", taken.Session().ID)
	}
	return report, taken.Close(ctx)
}
