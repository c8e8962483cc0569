package jute

import (
	"encoding/binary"
	"unicode/utf8"
)

// Int codes a 4-byte integer.
func (c *Coder) Int(name string, v *int32) {
	switch c.mode {
	case decoding:
		if len(c.buf)-c.off < 4 || c.failed {
			c.Fail(name, ErrShort)
			return
		}
		*v = int32(binary.BigEndian.Uint32(c.buf[c.off:]))
		c.off += 4
	case encoding:
		c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(*v))
	default:
		c.visitor.Field(name, *v)
	}
}

// Long codes an 8-byte integer.
func (c *Coder) Long(name string, v *int64) {
	switch c.mode {
	case decoding:
		if len(c.buf)-c.off < 8 || c.failed {
			c.Fail(name, ErrShort)
			return
		}
		*v = int64(binary.BigEndian.Uint64(c.buf[c.off:]))
		c.off += 8
	case encoding:
		c.buf = binary.BigEndian.AppendUint64(c.buf, uint64(*v))
	default:
		c.visitor.Field(name, *v)
	}
}

// Bool codes one byte; any non-zero byte reads as true, as in Java's DataInput.
func (c *Coder) Bool(name string, v *bool) {
	switch c.mode {
	case decoding:
		if len(c.buf)-c.off < 1 || c.failed {
			c.Fail(name, ErrShort)
			return
		}
		*v = c.buf[c.off] != 0
		c.off++
	case encoding:
		b := byte(0)
		if *v {
			b = 1
		}
		c.buf = append(c.buf, b)
	default:
		c.visitor.Field(name, *v)
	}
}

// Buffer codes bytes; nil is null. What is read aliases the input.
func (c *Coder) Buffer(name string, v *[]byte) {
	switch c.mode {
	case decoding:
		*v = c.bytes(name)
	case encoding:
		c.buf = AppendBuffer(c.buf, *v)
	default:
		c.visitor.Field(name, *v)
	}
}

// Text codes a ustring kept as bytes; nil is null. What is read aliases the input, unless Java
// would write it differently from how it read it (see utf8.go): then it is a copy.
func (c *Coder) Text(name string, v *[]byte) {
	switch c.mode {
	case decoding:
		b := c.bytes(name)
		if !plainASCII(b) && !c.verbatim && !javaKeeps(b) {
			b = JavaText(b)
		}
		*v = b
	case encoding:
		c.buf = AppendBuffer(c.buf, *v)
	default:
		if *v == nil {
			c.visitor.Field(name, []byte(nil))
			return
		}
		c.visitor.Field(name, string(*v))
	}
}

// String codes a ustring kept as a Go string, for records that live long. Null reads as "".
func (c *Coder) String(name string, v *string) {
	switch c.mode {
	case decoding:
		var b []byte
		c.Text(name, &b)
		*v = intern(b)
	case encoding:
		c.buf = AppendString(c.buf, *v)
	default:
		c.visitor.Field(name, *v)
	}
}

// nullableString is String for a field whose null means something.
func (c *Coder) nullableString(name string, v *string, null *bool) {
	switch {
	case c.mode == decoding:
		var b []byte
		c.Text(name, &b)
		*v, *null = intern(b), b == nil && !c.failed
	case *null && c.mode == encoding:
		c.buf = AppendBuffer(c.buf, nil)
	default:
		c.String(name, v)
	}
}

// Count codes the count of a vector that has n elements, or is null. It returns the count to read
// (-1 for null, 0 after an error); every vector ends with EndCount. minBytes is the size of the
// smallest possible element: a count that cannot fit in the input is an error before anything is
// allocated for it. Any negative count other than -1 is an empty vector, as in Java.
func (c *Coder) Count(name string, n int, null bool, minBytes int) int {
	switch c.mode {
	case decoding:
		at := c.off
		var count int32
		c.Int(name, &count)
		if c.failed {
			return 0
		}
		if count < -1 {
			return 0
		}
		if int(count) > (len(c.buf)-c.off)/minBytes {
			c.off = at
			c.Fail(name, ErrLength)
			return 0
		}
		return int(count)
	case encoding:
		count := int32(n)
		if null {
			count = -1
		}
		c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(count))
	default:
		if null {
			n = NullVector
		}
		c.visitor.Enter(name, n)
	}
	return n
}

// EndCount ends a vector begun with Count.
func (c *Coder) EndCount() {
	if c.mode == visiting {
		c.visitor.Leave()
	}
}

func (c *Coder) bytes(name string) []byte {
	if c.failed {
		return nil
	}
	left := len(c.buf) - c.off
	if left < 4 {
		c.Fail(name, ErrShort)
		return nil
	}
	n := int(int32(binary.BigEndian.Uint32(c.buf[c.off:])))
	if n == -1 {
		c.off += 4
		return nil
	}
	if n < 0 {
		c.Fail(name, ErrLength)
		return nil
	}
	if n > left-4 {
		c.Fail(name, ErrShort)
		return nil
	}
	from := c.off + 4
	c.off = from + n
	return c.buf[from:c.off:c.off]
}

// Tail codes bytes without a length: all that follows. None is nil.
func (c *Coder) Tail(name string, v *[]byte) {
	switch c.mode {
	case decoding:
		*v = nil
		if left := c.Rest(); len(left) > 0 && !c.failed {
			*v = left[:len(left):len(left)]
			c.off = len(c.buf)
		}
	case encoding:
		c.buf = append(c.buf, *v...)
	default:
		c.visitor.Field(name, *v)
	}
}

// AppendBuffer appends a buffer or ustring; nil is null.
func AppendBuffer(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(b)))
	return append(dst, b...)
}

// AppendString appends a ustring that is not null.
func AppendString(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}

func plainASCII(b []byte) bool {
	for len(b) >= 8 {
		if binary.NativeEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, x := range b {
		if x >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// intern spares an allocation for the words that nearly every ACL is made of.
func intern(b []byte) string {
	switch string(b) {
	case "world":
		return "world"
	case "anyone":
		return "anyone"
	case "auth":
		return "auth"
	case "digest":
		return "digest"
	case "ip":
		return "ip"
	case "sasl":
		return "sasl"
	}
	return string(b)
}
