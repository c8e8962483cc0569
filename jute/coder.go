package jute

import (
	"errors"
	"fmt"
	"strings"
)

// Record is anything that can name its fields in wire order.
type Record interface {
	Fields(c *Coder)
}

// Errors a decoder ends with, wrapped in a DecodeError.
var (
	// ErrShort: the input ends inside a field.
	ErrShort = errors.New("input ends inside the field")
	// ErrLength: a length is below -1, or larger than the input or the limit.
	ErrLength = errors.New("unreasonable length")
	// ErrTxnType: a logged transaction has a type that is never logged.
	ErrTxnType = errors.New("not the type of a transaction")
	// ErrMulti: a multi holds an operation that none may hold.
	ErrMulti = errors.New("not an operation of a multi")
)

// DecodeError says where a record could not be read.
type DecodeError struct {
	Record string // Go name of the record
	Field  string // path of the field, such as "acl[2].id.scheme"
	Offset int    // bytes from the start of the record
	Err    error
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("jute: %s.%s at byte %d: %v", e.Record, e.Field, e.Offset, e.Err)
}

func (e *DecodeError) Unwrap() error { return e.Err }

type mode uint8

const (
	decoding mode = iota
	encoding
	visiting
)

// Visitor sees the fields of a record one by one, in wire order.
type Visitor interface {
	// Field is called for each leaf; value is an int32, int64, bool, string (ustring), []byte
	// (buffer, nil when null) or a number with a type of its own, such as a Zxid.
	Field(name string, value any)
	// Enter and Leave bracket a vector of n elements, a NestedRecord or a NullVector. Elements
	// have no name that matters.
	Enter(name string, n int)
	Leave()
}

// Values that Visitor.Enter gets instead of a number of elements.
const (
	NestedRecord = -1
	NullVector   = -2
)

// Coder carries one record through Fields in one of three ways: reading it from bytes, appending
// it to bytes, or showing it to a Visitor. After the first error every further field is a no-op,
// so that Fields methods need no error handling.
type Coder struct {
	mode   mode
	buf    []byte // decoding: the whole input; encoding: the output so far
	off    int    // decoding: bytes consumed
	failed bool
	// verbatim: text is read as it is. It became Java's text when a client sent it.
	verbatim bool
	fault    DecodeError
	visitor  Visitor
}

// Decode reads r from the front of in and says how many bytes it took. Byte slices in r alias in.
func Decode(in []byte, r Record) (used int, err error) {
	c := Coder{mode: decoding, buf: in}
	r.Fields(&c)
	if err := c.Err(r); err != nil {
		return 0, err
	}
	return c.off, nil
}

// Append encodes r at the end of dst.
func Append(dst []byte, r Record) []byte {
	c := Coder{mode: encoding, buf: dst}
	r.Fields(&c)
	return c.buf
}

// Visit shows the fields of r to v.
func Visit(r Record, v Visitor) {
	c := Coder{mode: visiting, visitor: v}
	r.Fields(&c)
}

// Decoder makes a Coder that reads in; call Fields methods on it directly to keep hot paths free
// of interfaces, then look at Err.
func Decoder(in []byte) Coder { return Coder{mode: decoding, buf: in} }

// OwnDecoder makes a Coder that reads what this server has encoded itself: text stays as it is,
// even where Java would not read it back as it wrote it.
func OwnDecoder(in []byte) Coder { return Coder{mode: decoding, buf: in, verbatim: true} }

// Encoder makes a Coder that appends to dst; Bytes has the result.
func Encoder(dst []byte) Coder { return Coder{mode: encoding, buf: dst} }

// Bytes is what an encoding Coder has made so far.
func (c *Coder) Bytes() []byte { return c.buf }

// Offset is how many bytes a decoding Coder has consumed.
func (c *Coder) Offset() int { return c.off }

// Rest is what a decoding Coder has not consumed.
func (c *Coder) Rest() []byte { return c.buf[c.off:] }

// Decoding tells Fields methods with optional tails which way the bytes flow.
func (c *Coder) Decoding() bool { return c.mode == decoding }

// Encoding tells the same of the other way; while a record is shown, it is neither.
func (c *Coder) Encoding() bool { return c.mode == encoding }

// Failed says whether a field could not be read.
func (c *Coder) Failed() bool { return c.failed }

// Err is the first failure as a DecodeError that names r, or nil.
func (c *Coder) Err(r Record) error {
	if !c.failed {
		return nil
	}
	fault := c.fault
	_, fault.Record, _ = strings.Cut(fmt.Sprintf("%T", r), ".")
	return &fault
}

// Visitor is to whom the fields are shown; nil while bytes are read or written.
func (c *Coder) Visitor() Visitor { return c.visitor }

// Fail ends the reading of a record at a field that no record can have: err says why, and the
// offset is that of the bytes not read yet. A failure that came before it stays.
func (c *Coder) Fail(field string, err error) {
	if c.failed {
		return
	}
	c.failed = true
	c.fault = DecodeError{Field: field, Offset: c.off, Err: err}
}

// Nested codes a record inside a record.
func (c *Coder) Nested(name string, r Record) {
	if c.mode == visiting {
		c.visitor.Enter(name, NestedRecord)
		r.Fields(c)
		c.visitor.Leave()
		return
	}
	had := c.failed
	r.Fields(c)
	if c.failed && !had {
		c.fault.Field = name + "." + c.fault.Field
	}
}

// Element codes the i-th element of a vector of records; name is the vector's.
func (c *Coder) Element(name string, i int, r Record) {
	if c.mode == visiting {
		c.Nested("", r)
		return
	}
	had := c.failed
	r.Fields(c)
	if c.failed && !had {
		c.fault.Field = fmt.Sprintf("%s[%d].%s", name, i, c.fault.Field)
	}
}

// vector codes a vector of records, null when *v is nil; minBytes is the size of the smallest
// element.
func vector[T any, P interface {
	*T
	Record
}](c *Coder, name string, v *[]T, minBytes int) {
	n := c.Count(name, len(*v), *v == nil, minBytes)
	if c.mode == decoding {
		if n < 0 || c.failed {
			*v = nil
			return
		}
		*v = make([]T, n)
	}
	for i := range *v {
		c.Element(name, i, P(&(*v)[i]))
	}
	c.EndCount()
}
