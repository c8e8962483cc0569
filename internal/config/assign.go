package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	ensemble "quoll/quorum/config"
)

// assign puts every setting, or its default, into its field. Settings with a wrong
// value are problems; settings without effect are warned of.
func (s *settings) assign(c *Config) (problems []error) {
	for i := range s.keys {
		k := &s.keys[i]
		if strings.HasSuffix(k.Name, "*") {
			continue
		}
		set := s.get(k.ID())
		if set == nil {
			// A wrong default in the table makes a test fail, so no error can come here.
			_ = k.put(c, k.Default)
			continue
		}
		if fallback, err := s.apply(c, k, set); err != nil {
			problems = append(problems, err)
		} else if fallback != "" {
			s.warn(k.ID(), set.source, "%s", fallback)
		}
	}
	for _, set := range s.families() {
		if set.key.Verdict == Warned {
			s.warn(set.name, set.source, "%s", set.key.Reason)
		}
	}
	return problems
}

// apply puts one setting into its field. fallback is the text of a warning, or "".
func (s *settings) apply(c *Config, k *Key, set *setting) (fallback string, err error) {
	value, note, err := k.read(set.value)
	if err != nil {
		return "", fmt.Errorf("%s: %s: %w", set.source, k.ID(), err)
	}
	if k.Verdict != Honoured && value != k.preset() {
		if k.Verdict == Refused {
			return "", fmt.Errorf("%s: %s: %s", set.source, k.ID(), k.Reason)
		}
		return k.Reason, nil
	}
	if err := k.put(c, value); err != nil {
		return "", fmt.Errorf("%s: %s: %w", set.source, k.ID(), err)
	}
	return note, nil
}

// preset is the default in its plain form, as read returns it.
func (k *Key) preset() string {
	value, _, err := k.read(k.Default)
	if err != nil {
		return k.Default
	}
	return value
}

// read returns a value in its plain form: decimal numbers, true and false. note is
// the text of a warning about a value that Apache reads, without a warning, as
// another value; we read the same value as Apache.
func (k *Key) read(raw string) (value, note string, err error) {
	switch k.Kind {
	case Number, Long:
		n, err := strconv.ParseInt(raw, 10, k.bits())
		if err != nil {
			return "", "", fmt.Errorf("%q is not a number", raw)
		}
		return strconv.FormatInt(n, 10), "", nil
	case Flag:
		switch strings.ToLower(raw) {
		case "true", "false":
			return strings.ToLower(raw), "", nil
		}
		return "", "", fmt.Errorf("%q is neither true nor false", raw)
	case OnOff:
		switch strings.ToLower(raw) {
		case "on", "off":
			return strconv.FormatBool(strings.EqualFold(raw, "on")), "", nil
		}
		return "", "", fmt.Errorf("%q is neither on nor off", raw)
	case PropNumber, PropLong:
		n, ok := javaDecode(raw, k.bits())
		if !ok && raw == k.Default {
			return raw, "", nil
		}
		if !ok {
			return k.Default, fmt.Sprintf("%q is not a number: the default holds, as in Apache",
				raw), nil
		}
		return strconv.FormatInt(n, 10), "", nil
	case PropFlag, PropFlagOn, PropTrue, PropYes, PropNotNo, PropNotFalse:
		value, note := k.readSwitch(raw)
		return value, note, nil
	}
	return raw, "", nil
}

// bits is the width of a number of this kind.
func (k *Key) bits() int {
	if k.Kind == Long || k.Kind == PropLong {
		return 64
	}
	return 32
}

// readSwitch reads a property that is on or off. Apache has several rules for that,
// and the kind of the key says which one applies.
func (k *Key) readSwitch(raw string) (value, note string) {
	on := false
	switch k.Kind {
	case PropFlag, PropFlagOn:
		on = strings.EqualFold(raw, "true")
	case PropTrue:
		on = raw == "true"
	case PropYes:
		on = raw == "yes"
	case PropNotNo:
		on = raw != "no"
	case PropNotFalse:
		on = raw != "false"
	}
	plain := map[bool][]string{true: {"true", "yes"}, false: {"false", "no"}}[on]
	if raw != "" && !strings.EqualFold(raw, plain[0]) && !strings.EqualFold(raw, plain[1]) {
		note = fmt.Sprintf("%q counts as %s, as in Apache", raw, plain[0])
	}
	return plain[0], note
}

// javaDecode reads a number like Java's Integer.decode: an optional sign, then 0x,
// 0X or # for hexadecimal, or a leading 0 for octal.
func javaDecode(raw string, bits int) (int64, bool) {
	digits, base := raw, 10
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	}
	switch {
	case strings.HasPrefix(digits, "0x"), strings.HasPrefix(digits, "0X"):
		digits, base = digits[2:], 16
	case strings.HasPrefix(digits, "#"):
		digits, base = digits[1:], 16
	case len(digits) > 1 && digits[0] == '0':
		digits, base = digits[1:], 8
	}
	if digits == "" || digits[0] == '-' || digits[0] == '+' || strings.Contains(digits, "_") {
		return 0, false
	}
	if negative {
		digits = "-" + digits
	}
	n, err := strconv.ParseInt(digits, base, bits)
	return n, err == nil
}

// put writes a plain value into the key's field.
func (k *Key) put(c *Config, value string) error {
	if k.into == nil {
		return nil
	}
	switch field := k.into(c).(type) {
	case *string:
		*field = value
	case *Compression:
		*field = Compression(value)
	case *Watermark:
		*field = Watermark(value)
	case *Transport:
		*field = Transport(value)
	case *Secret:
		*field = NewSecret(value)
	case *[]string:
		*field = words(value)
	case *bool:
		*field = value == "true" || value == "yes"
	case *int:
		n, err := number(value)
		*field = int(n)
		return err
	case *int64:
		n, err := number(value)
		*field = scaled(n, k.Unit.size())
		return err
	case *time.Duration:
		n, err := number(value)
		*field = time.Duration(scaled(n, k.Unit.size()))
		return err
	}
	return nil
}

// size is how many bytes or nanoseconds one of this unit is.
func (u Unit) size() int64 {
	switch u {
	case Millis:
		return int64(time.Millisecond)
	case Seconds:
		return int64(time.Second)
	case Hours:
		return int64(time.Hour)
	case KiB:
		return 1024
	}
	return 1
}

// scaled multiplies. If the result is out of range, it returns the nearest number
// that is in range.
func scaled(n, size int64) int64 {
	if n > math.MaxInt64/size {
		return math.MaxInt64
	}
	if n < math.MinInt64/size {
		return math.MinInt64
	}
	return n * size
}

func number(value string) (int64, error) {
	if value == "" {
		return 0, nil
	}
	return strconv.ParseInt(value, 10, 64)
}

func words(value string) []string {
	var all []string
	for _, w := range strings.Split(value, ",") {
		if w = ensemble.Trim(w); w != "" {
			all = append(all, w)
		}
	}
	return all
}
