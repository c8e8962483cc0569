package discovery

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// info is a payload with strings that JSON writers escape in different ways.
type info struct {
	A string  `json:"a"`
	N int     `json:"n"`
	Z *string `json:"z"`
}

// The bytes are what JsonInstanceSerializer of Curator 5.9.0 has written.
func TestCuratorsBytes(t *testing.T) {
	full := func(payload any, class string) Instance[any] {
		return Instance[any]{
			Name: "svc", ID: "id-1", Address: "10.0.0.7", Port: 8080, SSLPort: 8443,
			Payload: payload, PayloadClass: class, Registered: time.UnixMilli(1700000000123),
			URI: "{scheme}://{address}:{port}/x",
		}
	}
	const head = `{"name":"svc","id":"id-1","address":"10.0.0.7","port":8080,"sslPort":8443,"payload":`
	const tail = `,"registrationTimeUTC":1700000000123,"serviceType":"DYNAMIC","uriSpec":{"parts":[` +
		`{"value":"scheme","variable":true},{"value":"://","variable":false},` +
		`{"value":"address","variable":true},{"value":":","variable":false},` +
		`{"value":"port","variable":true},{"value":"/x","variable":false}]}}`
	const bare = `{"name":"svc","id":"id-1","address":null,"port":null,"sslPort":null,"payload":`
	epoch := time.UnixMilli(0)
	for want, in := range map[string]Instance[any]{
		head + `null` + tail:                 full(nil, ""),
		head + `"hey"` + tail:                full("hey", ""),
		head + `""` + tail:                   full("", ""),
		head + `true` + tail:                 full(true, ""),
		head + `7` + tail:                    full(7, ""),
		head + `1.5` + tail:                  full(1.5, ""),
		head + `["java.lang.Long",7]` + tail: full(7, "java.lang.Long"),
		head + `["java.util.Arrays$ArrayList",["a",1]]` + tail: full([]any{"a", 1},
			"java.util.Arrays$ArrayList"),
		head + `["[B","AQI="]` + tail: full([]byte{1, 2}, "[B"),
		head + `{"@class":"G$P","a":"é\u0001\"<>&/","n":7,"z":null}` + tail: full(
			info{A: "é\x01\"<>&/", N: 7}, "G$P"),
		head + `{"@class":"java.util.LinkedHashMap"}` + tail: full(map[string]int{},
			"java.util.LinkedHashMap"),
		bare + `null,"registrationTimeUTC":0,"serviceType":"STATIC","uriSpec":null}`: {
			Name: "svc", ID: "id-1", Registered: epoch, Type: Static,
		},
		bare + `"x<>&` + "\u2028é\u007f" + `\u0000\b\t\uD83D\uDE00"` +
			`,"registrationTimeUTC":0,"serviceType":"PERMANENT","uriSpec":null,"enabled":false}`: {
			Name: "svc", ID: "id-1", Registered: epoch, Type: Permanent, Disabled: true,
			Payload: "x<>&\u2028é\u007f\x00\b\t😀",
		},
	} {
		got, err := encode(&in)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		back, err := decode[any](got)
		require.NoError(t, err, want)
		again, err := encode(&back)
		require.NoError(t, err)
		if strings.Contains(want, `"n":7,`) {
			continue // of a map Go sorts the fields
		}
		require.Equal(t, want, string(again))
	}
}

// What other writers and other versions of Curator may have written.
func TestForeignInstances(t *testing.T) {
	for text, want := range map[string]Instance[map[string]any]{
		`{"name":"a","id":"b"}`: {},
		`{"name":"a","id":"b","payload":{"x":1},"serviceType":null,"port":0}`: {
			Payload: map[string]any{"x": 1.0},
		},
		`{"name":"a","id":"b","payload":{"x":{"@class":5},"@class":"C"},"enabled":true,"new":[]}`: {
			Payload: map[string]any{"x": map[string]any{"@class": 5.0}}, PayloadClass: "C",
		},
		`{"name":"a","id":"b","payload":{"x":{"@class":"C"}},"serviceType":"DYNAMIC_SEQUENTIAL"}`: {
			Payload: map[string]any{"x": map[string]any{"@class": "C"}}, Type: DynamicSequential,
		},
		`{"name":"a","id":"b","uriSpec":{"parts":[{"value":"[","variable":true},` +
			`{"value":"a","variable":true}]},"enabled":false}`: {URI: "{[}{a}", Disabled: true},
	} {
		want.Name, want.ID, want.Registered = "a", "b", time.UnixMilli(0)
		got, err := decode[map[string]any]([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	list, err := decode[[]string]([]byte(`{"payload":["a","b","c"]}`))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, list.Payload)
	for _, text := range []string{
		"", "null x", "[]", `{"name":5}`, `{"serviceType":"ODD"}`, `{"payload":"text"}`,
		`{"payload":{"@class":"C","x":}}`, `{"port":"many"}`,
	} {
		_, err := decode[map[string]any]([]byte(text))
		require.ErrorIs(t, err, hold.ErrLayout, text)
	}
}

func TestURI(t *testing.T) {
	in := Instance[int]{
		Name: "svc", ID: "1", Address: "h", Port: 80, Registered: time.UnixMilli(5),
		URI: "{scheme}://{address}:{port}/{[}{ name }{]}?{id}{ssl-port}{x}{none}&" +
			"{registration-time-utc}{service-type}",
	}
	uri, err := in.BuildURI(map[string]string{"x": "y", "id": "2"})
	require.NoError(t, err)
	require.Equal(t, "http://h:80/{svc}?2y&5dynamic", uri)
	in.SSLPort = 443
	uri, err = in.BuildURI(nil)
	require.NoError(t, err)
	require.Equal(t, "https://h:80/{svc}?1443&5dynamic", uri)
	for _, bad := range []string{"{", "}", "a{b", "{a{b}}", "a}b"} {
		_, err := (&Instance[int]{URI: bad}).BuildURI(nil)
		require.ErrorIs(t, err, client.ErrBadArguments, bad)
	}
}

// Whatever the strings are, a reader of JSON gets them back.
func FuzzStrings(f *testing.F) {
	f.Add("svc", "\x00\x1f \\\"/\u2029")
	f.Fuzz(func(t *testing.T, name, payload string) {
		name, payload = strings.ToValidUTF8(name, "?"), strings.ToValidUTF8(payload, "?")
		in := Instance[string]{Name: name, Payload: payload, Registered: time.UnixMilli(0)}
		text, err := encode(&in)
		require.NoError(t, err)
		require.True(t, json.Valid(text))
		back, err := decode[string](text)
		require.NoError(t, err)
		require.Equal(t, in, back)
	})
}

func TestPickers(t *testing.T) {
	const picks = 6000
	cs := []Candidate{
		{ID: "a", Weight: 1, Load: 2}, {ID: "b", Weight: 0, Load: 1, Pending: 3},
		{ID: "c", Weight: 5, Load: 1, Pending: 2},
	}
	count := func(p Picker, cs []Candidate) []int {
		counts := make([]int, len(cs))
		for range picks {
			counts[p.Pick(cs)]++
		}
		return counts
	}
	require.Equal(t, []int{picks / 3, picks / 3, picks / 3}, count(RoundRobin(), cs))
	for _, n := range count(Random(), cs) {
		require.InDelta(t, picks/3, n, 300)
	}
	weighted := count(Weighted(), cs)
	require.InDelta(t, picks/6, weighted[0], 250)
	require.Zero(t, weighted[1])
	require.NotContains(t, count(Weighted(), []Candidate{{}, {}}), 0)
	require.Equal(t, []int{0, 0, picks}, count(LeastLoaded(), cs))
	require.NotContains(t, count(LeastLoaded(), []Candidate{{}, {}}), 0)
	two := count(PowerOfTwo(), cs) // c wins two pairs of three, b that with a
	require.Zero(t, two[0])
	require.InDelta(t, picks/3, two[1], 300)
	require.Equal(t, []int{picks}, count(PowerOfTwo(), cs[:1]))
}

// A key stays with its candidate when others come and go, and the keys are spread.
func TestHash(t *testing.T) {
	const keys = 3000
	cs := []Candidate{{ID: "host-1"}, {ID: "host-2"}, {ID: "host-3"}, {ID: "host-4"}}
	counts := map[string]int{}
	for i := range keys {
		key := strings.Repeat("k", i%7) + string(rune('a'+i%26)) + time.Duration(i).String()
		id := cs[Hash(key).Pick(cs)].ID
		counts[id]++
		if fewer := cs[:3]; id != "host-4" {
			require.Equal(t, id, fewer[Hash(key).Pick(fewer)].ID)
		}
	}
	for id, n := range counts {
		require.InDelta(t, keys/4, n, 150, id)
	}
	require.Len(t, counts, 4)
}
