package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func noError(t *testing.T, err error, about ...any) {
	t.Helper()
	if err != nil {
		t.Fatal(err, about)
	}
}

func errorIs(t *testing.T, err, want error, about ...any) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v %v", err, want, about)
	}
}

func errorContains(t *testing.T, err error, part string, about ...any) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Fatalf("error %v lacks %q %v", err, part, about)
	}
}

func equal(t *testing.T, want, got any, about ...any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("got  %+v\nwant %+v %v", got, want, about)
	}
}

func isTrue(t *testing.T, ok bool, about ...any) {
	t.Helper()
	if !ok {
		t.Fatal(append([]any{"does not hold"}, about...)...)
	}
}

func isFalse(t *testing.T, no bool, about ...any) {
	t.Helper()
	isTrue(t, !no, about...)
}

func contains(t *testing.T, text, part string, about ...any) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Fatalf("%q lacks %q %v", text, part, about)
	}
}

func containsNot(t *testing.T, text, part string) {
	t.Helper()
	if strings.Contains(text, part) {
		t.Fatalf("%q has %q", text, part)
	}
}

func isEmpty(t *testing.T, v any, about ...any) {
	t.Helper()
	if n := reflect.ValueOf(v).Len(); n != 0 {
		t.Fatalf("%v is not empty %v", v, about)
	}
}

func notEmpty(t *testing.T, v any, about ...any) {
	t.Helper()
	if reflect.ValueOf(v).Len() == 0 {
		t.Fatal("is empty", about)
	}
}
