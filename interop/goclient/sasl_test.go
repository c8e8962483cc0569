package goclient_test

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/internal/proxy"
)

// digestMD5 is the mechanism of RFC 2831, as far as Apache's server speaks it.
type digestMD5 struct{ user, password string }

// digestURI is what Apache's server calls itself, whatever its host is.
const digestURI = "zookeeper/zk-sasl-md5"

var directive = regexp.MustCompile(`([a-z-]+)=(?:"([^"]*)"|([^,]*))`)

func (m digestMD5) Start(string) (func([]byte) ([]byte, bool, error), error) {
	proof := ""
	return func(challenge []byte) ([]byte, bool, error) {
		if challenge == nil {
			return []byte{}, false, nil // the server speaks first
		}
		fields := map[string]string{}
		for _, found := range directive.FindAllStringSubmatch(string(challenge), -1) {
			fields[found[1]] = found[2] + found[3]
		}
		if proof != "" {
			if fields["rspauth"] != proof {
				return nil, false, errors.New("the server does not know the password")
			}
			return nil, true, nil
		}
		const cnonce = "0123456789abcdef"
		realm, nonce := fields["realm"], fields["nonce"]
		secret := md5.Sum([]byte(m.user + ":" + realm + ":" + m.password))
		a1 := hash(string(secret[:]) + ":" + nonce + ":" + cnonce)
		answer := func(method string) string {
			return hash(strings.Join([]string{
				a1, nonce, "00000001", cnonce, "auth", hash(method + ":" + digestURI),
			}, ":"))
		}
		proof = answer("")
		return fmt.Appendf(nil, `charset=utf-8,username="%s",realm="%s",nonce="%s",nc=00000001,`+
			`cnonce="%s",digest-uri="%s",maxbuf=65536,response=%s,qop=auth`,
			m.user, realm, nonce, cnonce, digestURI, answer("AUTHENTICATE")), false, nil
	}, nil
}

func hash(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// A mechanism of the caller's authenticates each connection, before anything else is sent. A wrong
// password is the end of the client, and so is none where the server wants one.
func TestSASLAgainstApache(t *testing.T) {
	t.Parallel()
	jaas := filepath.Join(t.TempDir(), "jaas.conf")
	require.NoError(t, os.WriteFile(jaas, []byte(`Server {
		org.apache.zookeeper.server.auth.DigestLoginModule required user_bob="secret";
	};`), 0o600))
	o := options(t)
	o.SystemProps["java.security.auth.login.config"] = jaas
	o.SystemProps["zookeeper.authProvider.sasl"] =
		"org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
	o.SystemProps["zookeeper.sessionRequireClientSASLAuth"] = "true"
	s := startApache(t, o)
	line, err := proxy.StartLine("127.0.0.1:0", s.Addr())
	require.NoError(t, err)
	t.Cleanup(line.Close)
	dial := func(opts ...client.Option) *client.Client {
		c, err := client.New(line.Addr(),
			append(opts, client.WithBackoff(time.Millisecond, 20*time.Millisecond))...)
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	ctx := bounded(t)
	c := dial(client.WithSASL(digestMD5{"bob", "secret"}))
	bob := client.ID{Scheme: "sasl", ID: "bob"}
	ids, err := c.WhoAmI(ctx)
	require.NoError(t, err)
	require.Contains(t, ids, bob)
	_, _, err = c.Create(ctx, "/bobs", nil, client.WithACL(client.ACL{Perms: 31, ID: bob}))
	require.NoError(t, err)
	session := c.Session()
	line.Cut()
	line.Heal()
	_, err = client.Update(ctx, c, "/bobs", func([]byte) ([]byte, error) { return []byte("b"), nil })
	require.NoError(t, err, "the identity is there before the first request")
	require.Same(t, session, c.Session())

	for name, opts := range map[string][]client.Option{
		"a wrong password": {client.WithSASL(digestMD5{"bob", "guess"})},
		"no mechanism":     nil,
	} {
		refused := dial(opts...)
		_, _, err := refused.Get(ctx, "/bobs")
		require.ErrorIs(t, err, client.ErrAuthFailed, name)
	}
}
