package config

// A Secret is a value that no log, page or error may show. Code that needs the value
// calls Reveal.
type Secret struct{ value string }

const hidden = "***"

// NewSecret returns a Secret with a value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the value.
func (s Secret) Reveal() string { return s.value }

// IsSet reports whether the value is not empty.
func (s Secret) IsSet() bool { return s.value != "" }

func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return hidden
}

// GoString keeps the value out of %#v.
func (s Secret) GoString() string { return "config.Secret(" + s.String() + ")" }

// MarshalText keeps the value out of JSON and of structured logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
