package reference

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"

	"quoll/client/wire"
	"quoll/jute"
)

// A Table is one part of the reference.
type Table struct {
	Name string
	// Run returns each answer that is not what the table says. An error means that the table could
	// not be run to its end.
	Run func(ctx context.Context, addr string) (Report, error)
}

// Tables returns all of them but Hostile. The server must have extended types enabled.
func Tables() []Table {
	return []Table{
		{"permissions", permissions},
		{"events", events},
		{"versions", versions},
		{"frames", frames},
		{"booleans", booleans},
		{"identity at receipt", identity},
		{"passwords", passwords},
	}
}

// Report is the rows that do not hold, one line each.
type Report []string

func (r *Report) add(format string, args ...any) {
	*r = append(*r, fmt.Sprintf(format, args...))
}

// want notes an answer with another code.
func (r *Report) want(row string, got, want jute.ErrorCode) {
	if got != want {
		r.add("%s: %v, want %v", row, got, want)
	}
}

// Who the tables act as: Admin may do everything, and user what a row gives it.
const (
	Admin = "admin:a"
	user  = "user:u"
)

// digest is the ACL entry of a name and password in the scheme digest.
func digest(perms jute.Perms, proof string) jute.ACL {
	name := proof[:len(proof)-2] // each password has one letter
	sum := sha1.Sum([]byte(proof))
	id := name + ":" + base64.StdEncoding.EncodeToString(sum[:])
	return jute.ACL{Perms: perms, ID: jute.ID{Scheme: "digest", ID: id}}
}

// gives is the list that gives a set of permissions to user.
func gives(perms jute.Perms) []jute.ACL {
	return []jute.ACL{digest(jute.PermAll, Admin), digest(perms, user)}
}

// dial connects as someone; "" is nobody.
func dial(ctx context.Context, addr, who string, o wire.Options) (*wire.Conn, error) {
	c, err := wire.Dial(ctx, addr, o)
	if err != nil || who == "" {
		return c, err
	}
	return c, c.AddAuth(ctx, "digest", []byte(who))
}

// codeOf is the code that an answer carries. A multi's is that of the operation that failed.
func codeOf(ctx context.Context, op jute.OpCode, f *wire.Future) (jute.ErrorCode, error) {
	h, body, err := f.Wait(ctx)
	if err != nil || h.Err != jute.OK || op != jute.OpMulti && op != jute.OpMultiRead {
		return h.Err, err
	}
	var in jute.MultiResponse
	if _, err := jute.Decode(body, &in); err != nil {
		return 0, err
	}
	for i := range in.Results {
		if code := in.Results[i].Error.Err; in.Results[i].Type == jute.OpError && code != jute.OK {
			return code, nil
		}
	}
	return jute.OK, nil
}

// settle waits for answers that must be OK: they prepare the rows.
func settle(ctx context.Context, asked []*wire.Future) error {
	for _, f := range asked {
		if _, err := f.Into(ctx, nil); err != nil {
			return fmt.Errorf("preparing: %w", err)
		}
	}
	return nil
}

func create(c *wire.Conn, path string, acl []jute.ACL) *wire.Future {
	return c.Send(jute.OpCreate, &jute.CreateRequest{Path: []byte(path), Data: []byte{}, ACL: acl})
}

// isCode says whether an error is an answer, and which.
func isCode(err error) (code jute.ErrorCode, ok bool) {
	ok = errors.As(err, &code)
	return code, ok || err == nil
}
