package acl

import "testing"

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"world:anyone:cdrwa":                     "world:anyone:cdrwa",
		"world:anyone:awrdc":                     "world:anyone:cdrwa",
		"auth:user1:12345:crwad,ip:10.0.0.0/8:r": "auth:user1:12345:cdrwa,ip:10.0.0.0/8:r",
		"auth::r":                                "auth::r",
		"digest:a:h=:":                           "digest:a:h=:",
	} {
		list, err := Parse(text)
		if err != nil || Text(list) != want {
			t.Errorf("%s: %s, %v", text, Text(list), err)
		}
	}
	for _, text := range []string{"", "world", "world:anyone", "world:anyone:x", "a:b:r,"} {
		if list, err := Parse(text); err == nil {
			t.Errorf("%q is %v", text, list)
		}
	}
}
