package config

// A Key describes one setting: this is the only place that knows it. The tables
// are in keys_*.go, one a theme.
type Key struct {
	// Name is the key in zoo.cfg. A name that ends in '*' is a family: server.1,
	// server.2. "" when zoo.cfg cannot set it.
	Name string
	// Property is the full name of the Java system property. "" when only zoo.cfg
	// can set it.
	Property string
	// Alias is an older name of the property; Property wins.
	Alias   string
	Kind    Kind
	Unit    Unit
	Default string // as it would be written; "" is unset
	Verdict Verdict
	Reason  string // why not honoured, or what to know

	into func(*Config) any // the field it sets, as a pointer; nil when it has none
}

// ID is the name that pages and messages use.
func (k *Key) ID() string {
	if k.Name != "" {
		return k.Name
	}
	return k.Property
}

// Kind says how Apache reads the value, and what it does with one that it cannot
// read: keys of zoo.cfg end the start, system properties fall back in silence.
type Kind uint8

// The kinds.
const (
	Text   Kind = iota
	Number      // zoo.cfg: 32 bits, decimal; anything else is an error
	Long        // the same with 64 bits
	Flag        // zoo.cfg: true or false in any case; anything else is an error

	PropNumber   // 32 bits, also 0x10, #10 and 010; anything else is the default
	PropLong     // the same with 64 bits
	PropFlag     // "true" in any case; anything else is false
	PropFlagOn   // the same, but true when unset
	PropYes      // "yes" is true, anything else is false
	PropNotNo    // "no" is false, anything else is true
	PropNotFalse // "false" is false, anything else is true
	PropTrue     // "true" is true, anything else is false
	List         // words between commas
	Hidden       // text that nothing may print
)

// Unit is what a number counts.
type Unit string

// The units.
const (
	None    Unit = ""
	Millis  Unit = "ms"
	Seconds Unit = "s"
	Hours   Unit = "h"
	Bytes   Unit = "bytes"
	KiB     Unit = "KiB"
	Ticks   Unit = "ticks"
)

// Verdict is what Quoll does with a setting.
type Verdict uint8

// The verdicts.
const (
	Honoured Verdict = iota
	Warned           // accepted without effect; said so when it differs from the default
	Refused          // the server does not start when it differs from the default
)

func (v Verdict) String() string {
	switch v {
	case Warned:
		return "no effect"
	case Refused:
		return "refused"
	}
	return "honoured"
}

// Reasons that many keys share.
const (
	ensembleOnly = "of an ensemble; without effect on a server that runs alone"
	noTLS        = "TLS is not served yet"
	noSASL       = "SASL is not served yet"
	noAdmin      = "there is no AdminServer yet"
	javaThreads  = "sizes the threads and buffers of the Java server"
	noProvider   = "metrics are served by the four letter word mntr"
)

// Keys returns the description of every setting, by theme.
func Keys() []Key {
	var all []Key
	all = append(all, storageKeys()...)
	all = append(all, sessionKeys()...)
	all = append(all, networkKeys()...)
	all = append(all, throttleKeys()...)
	all = append(all, authKeys()...)
	all = append(all, saslKeys()...)
	all = append(all, featureKeys()...)
	all = append(all, observabilityKeys()...)
	all = append(all, adminKeys()...)
	all = append(all, quorumKeys()...)
	all = append(all, electionKeys()...)
	all = append(all, tlsKeys()...)
	return all
}

// prop completes a key that zoo.cfg passes on as the system property
// zookeeper.<name>.
func prop(k Key) Key {
	k.Property = prefix + k.Name
	return k
}

const prefix = "zookeeper."

// warned and refused make keys that set no field.
func warned(name string, kind Kind, unit Unit, preset, reason string) Key {
	return prop(Key{Name: name, Kind: kind, Unit: unit, Default: preset,
		Verdict: Warned, Reason: reason})
}

func refused(name string, kind Kind, preset, reason string) Key {
	return prop(Key{Name: name, Kind: kind, Default: preset, Verdict: Refused, Reason: reason})
}

// idle makes keys of an ensemble that the server checks and keeps nowhere yet.
func idle(name string, kind Kind, unit Unit, preset string) Key {
	return prop(Key{Name: name, Kind: kind, Unit: unit, Default: preset, Reason: ensembleOnly})
}

// native drops the system property: Apache reads the key from zoo.cfg alone.
func native(k Key) Key {
	k.Property = ""
	return k
}
