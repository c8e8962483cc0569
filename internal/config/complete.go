package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// complete sets the fields whose default depends on other fields. It refuses settings
// that contradict each other, as Apache does.
func (c *Config) complete(s *settings) (problems []error) {
	refuse := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(format, args...))
	}
	if c.Storage.DataDir == "" {
		refuse("dataDir is not set")
	}
	if c.Storage.DataLogDir == "" {
		c.Storage.DataLogDir = c.Storage.DataDir
	}
	if s.get("maxWriteQueuePollTime") == nil {
		c.Storage.MaxQueuePoll = (c.Storage.FlushDelay / 3).Truncate(time.Millisecond)
	}
	if c.Sessions.TickTime <= 0 {
		refuse("tickTime must be positive")
	}
	const unset = -time.Millisecond
	if c.Sessions.MinTimeout == unset {
		c.Sessions.MinTimeout = 2 * c.Sessions.TickTime
	}
	if c.Sessions.MaxTimeout == unset {
		c.Sessions.MaxTimeout = 20 * c.Sessions.TickTime
	}
	if c.Sessions.MinTimeout > c.Sessions.MaxTimeout {
		refuse("minSessionTimeout must not be larger than maxSessionTimeout")
	}
	if e := s.get("electionAlg"); e != nil && e.value != "3" {
		refuse("%s: electionAlg: there is no other than 3", e.source)
	}
	if c.Storage.LockWait < 0 {
		refuse("quoll.lockWaitMillis must not be negative")
	}
	c.completeWords()
	problems = append(problems, c.completeNetwork(s)...)
	problems = append(problems, c.completeAuth(s)...)
	problems = append(problems, c.oneOf()...)
	c.raise(s)
	return problems
}

// maxEventLoops is far above the number of cores of any machine.
const maxEventLoops = 1024

// isAddress says whether a host is an IP address, with or without the brackets that Java allows.
func isAddress(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return false
		}
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

func (c *Config) completeNetwork(s *settings) (problems []error) {
	client := &c.Network.Client
	client.Set = s.get("clientPort") != nil
	if !client.Set && s.get("clientPortAddress") != nil {
		problems = append(problems, fmt.Errorf("clientPortAddress is set but clientPort is not"))
	}
	if client.Port < 0 || client.Port > 65535 {
		problems = append(problems, fmt.Errorf("clientPort: %d is not a port", client.Port))
	}
	if strings.ContainsAny(client.Host, ":[]") && !isAddress(client.Host) {
		problems = append(problems, fmt.Errorf("clientPortAddress: %q is not an address; "+
			"the port belongs into clientPort", client.Host))
	}
	if n := c.Network.EventLoops; n < 0 || n > maxEventLoops {
		problems = append(problems,
			fmt.Errorf("quoll.eventLoops: %d is not in 0 to %d", n, maxEventLoops))
	}
	return problems
}

// completeWords adds the four letter words that are always answered: zkServer.sh
// asks srvr, and clients of a server that can be read-only ask isro.
func (c *Config) completeWords() {
	words := &c.Observability.FourLetterWords
	if !slices.Contains(*words, "srvr") {
		*words = append(*words, "srvr")
	}
	if c.Features.ReadOnlyMode && !slices.Contains(*words, "isro") {
		*words = append(*words, "isro")
	}
}

// ourSchemes are the authentication schemes that a client can use.
func (c *Config) ourSchemes() []string {
	if c.Auth.DigestEnabled {
		return []string{"digest", "ip"}
	}
	return []string{"ip"}
}

func (c *Config) completeAuth(s *settings) (problems []error) {
	for _, set := range s.families() {
		if set.key.Name == "authProvider.*" {
			if why := c.provider(s, set); why != "" {
				problems = append(problems, fmt.Errorf("%s: %s: %s", set.source, set.name, why))
			}
		}
	}
	if !c.Auth.Enforce {
		return problems
	}
	if len(c.Auth.EnforceSchemes) == 0 {
		problems = append(problems,
			fmt.Errorf("enforce.auth.enabled is true: enforce.auth.schemes must be set"))
	}
	for _, scheme := range c.Auth.EnforceSchemes {
		if !slices.Contains(c.ourSchemes(), scheme) {
			problems = append(problems,
				fmt.Errorf("enforce.auth.schemes: there is no scheme %s", scheme))
		}
	}
	return problems
}

// provider takes one line of authProvider, or says why the server cannot start with it. If Java
// cannot load a class, Apache's server only logs that and goes on: no client can have an id of the
// class' scheme then, and no ACL may name the scheme. Quoll cannot load any class, so it does the
// same for all classes but Apache's own.
func (c *Config) provider(s *settings, set *setting) (why string) {
	class, _ := strings.CutPrefix(set.value, "org.apache.zookeeper.server.auth.")
	switch {
	case class == set.value:
	case class == "IPAuthenticationProvider":
		return ""
	case class == "DigestAuthenticationProvider":
		c.Auth.DigestEnabled = true // as in Apache, naming the class wins over disabling the scheme
		return ""
	case class == "SASLAuthenticationProvider":
		return noSASL
	case strings.Contains(class, "X509"):
		return noTLS
	}
	s.warn(set.name, set.source, "the class %q cannot be loaded: its scheme is unknown; auth "+
		"with it fails, ACLs with it are refused, and entries with it match nobody", set.value)
	return ""
}

// digestAlgorithms are Java's names of the algorithms that a setting can name, in upper or lower
// case. Package auth computes them.
//
// read-only: a list of names.
var digestAlgorithms = []string{
	"SHA1", "SHA-1", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "MD5",
	"SHA-512/224", "SHA-512/256", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512",
}

// oneOf checks settings that have a fixed list of words as values, and limits that must be
// positive.
func (c *Config) oneOf() (problems []error) {
	for _, word := range []struct {
		id, value string
		choice    []string
	}{
		{"quoll.transport", string(c.Network.Transport), []string{"gnet", "std"}},
		{"quoll.watermark", string(c.Storage.Watermark), []string{"strict", "lag"}},
		{"quoll.lock", c.Storage.Lock, []string{"auto", "required", "off"}},
		{"quoll.logLevel", c.Observability.LogLevel, []string{"debug", "info", "warn", "error"}},
		{"quoll.logFormat", c.Observability.LogFormat, []string{"console", "json"}},
		{"quoll.logSessions", c.Observability.LogSessions, []string{"debug", "info"}},
	} {
		if !slices.Contains(word.choice, word.value) {
			problems = append(problems, fmt.Errorf("%s: %q is none of %s", word.id, word.value,
				strings.Join(word.choice, ", ")))
		}
	}
	c.Quorum.PeerType = strings.ToLower(c.Quorum.PeerType)
	if c.Quorum.PeerType != "participant" && c.Quorum.PeerType != "observer" {
		problems = append(problems, fmt.Errorf("peerType: %q is neither participant nor observer",
			c.Quorum.PeerType))
	}
	c.Auth.DigestAlgorithm = strings.ToUpper(c.Auth.DigestAlgorithm)
	if !slices.Contains(digestAlgorithms, c.Auth.DigestAlgorithm) {
		problems = append(problems, fmt.Errorf(
			"DigestAuthenticationProvider.digestAlg: there is no algorithm %s",
			c.Auth.DigestAlgorithm))
	}
	for _, limit := range []struct {
		id string
		n  int64
	}{
		{"quoll.firstFrameBytes", int64(c.Network.FirstFrameBytes)},
		{"quoll.outputBytes", c.Network.OutputBytes},
		{"quoll.outputTotalBytes", c.Network.OutputTotalBytes},
		{"quoll.maxOutstanding", int64(c.Network.MaxOutstanding)},
		{"quoll.maxSessions", int64(c.Sessions.MaxCount)},
		{"quoll.maxWatches", int64(c.Features.MaxWatches)},
		{"quoll.watchBytes", c.Features.WatchBytes},
		{"quoll.maxMultiOps", int64(c.Features.MaxMultiOps)},
	} {
		if limit.n <= 0 {
			problems = append(problems, fmt.Errorf("%s must be positive", limit.id))
		}
	}
	if c.Features.WatchTotalBytes < 0 {
		problems = append(problems, errors.New("quoll.watchTotalBytes must be positive, or 0"))
	}
	if c.Network.InputTotalBytes < 0 {
		problems = append(problems, errors.New("quoll.inputTotalBytes must be positive, or 0"))
	}
	return problems
}

// raise replaces numbers that are too small for Apache by the numbers that Apache uses instead.
func (c *Config) raise(s *settings) {
	least := func(id string, field *int, minimum, instead int) {
		if *field < minimum {
			source := "default"
			if set := s.get(id); set != nil {
				source = set.source
			}
			s.warn(id, source, "%d is too small: %d holds, as in Apache", *field, instead)
			*field = instead
		}
	}
	least("snapCount", &c.Storage.SnapCount, 2, 2)
	least("autopurge.snapRetainCount", &c.Storage.Purge.SnapRetainCount, 3, 3)
	least("maxCnxns", &c.Network.MaxConnections, 0, 0)
	least("commitLogCount", &c.Quorum.Sync.CommitLogCount, 500, 500)
	if c.Network.MaxExtraBytes == 0 {
		c.Network.MaxExtraBytes = c.Network.MaxBufferBytes
	}
	least("jute.maxbuffer.extrasize", &c.Network.MaxExtraBytes, 1024, 1024)
	c.Quorum.Sync.factor(s)
	if c.Throttle.LargeMaxBytes <= 0 {
		c.Throttle.LargeMaxBytes = 100 << 20
		s.warn("largeRequestMaxBytes", s.get("largeRequestMaxBytes").source,
			"must be positive: the default holds, as in Apache")
	}
	method := string(c.Storage.SnapshotCompression)
	switch {
	case strings.EqualFold(method, string(Gzip)):
		c.Storage.SnapshotCompression = Gzip
	case strings.EqualFold(method, "snappy"):
		c.Storage.SnapshotCompression = Plain
		s.warn("snapshot.compression.method", s.get("snapshot.compression.method").source,
			"snappy is read and not yet written: snapshots are plain")
	case method != "":
		c.Storage.SnapshotCompression = Plain
		s.warn("snapshot.compression.method", s.get("snapshot.compression.method").source,
			"%q is no method: snapshots are plain, as in Apache", method)
	}
}

// factor reads snapshotSizeFactor. Negative means that the log is not used, and 0 that no log is
// too long.
func (q *Sync) factor(s *settings) {
	var err error
	q.SnapshotSizeFactor, err = strconv.ParseFloat(q.sizeFactor, 64)
	if err != nil || !(q.SnapshotSizeFactor <= 1) {
		q.SnapshotSizeFactor = 0.33
		s.warn("snapshotSizeFactor", s.get("snapshotSizeFactor").source,
			"must be a number, at most 1: the default holds, as in Apache")
	}
}

// check warns of settings that are legal but probably a mistake.
func (s *settings) check(c *Config) {
	for _, id := range []string{"dataDir", "dataLogDir"} {
		set := s.get(id)
		switch {
		case set == nil:
		case set.value == "":
			s.warn(id, set.source, "is empty: the logs are in dataDir; Apache would not start")
		case relative(set.value):
			s.warn(id, set.source, "%s is relative to the directory the server starts in",
				set.value)
		}
	}
	if !c.Network.Client.Set {
		s.warn("clientPort", "default", "is not set: no client can connect")
	}
	if !c.Storage.ForceSync {
		s.warn("forceSync", s.get("forceSync").source,
			"a power failure loses writes that were answered")
	}
	if c.Auth.SkipACL {
		s.warn("skipACL", s.get("skipACL").source, "everybody may do everything")
	}
}
