package recordtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"quoll/jute"
)

// Family is the records of a package.
type Family struct {
	// Records are one of each; Listed keeps the list complete.
	Records []jute.Record
	// OffWire are the exported fields, as "Record.Field", that say what the wire looks like and do
	// not travel. New leaves them as they are in the record that it is given.
	OffWire map[string]bool
	// Union says whether the fields of a record exclude each other, so that they cannot all be
	// filled.
	Union func(r jute.Record) bool
	// Filled corrects fields that may not have just any value, and returns the leaves that must be
	// seen.
	Filled func(r jute.Record, leaves []string) []string
	// MayEnd says whether a record may end after cut bytes of wire.
	MayEnd func(r jute.Record, wire []byte, cut int) bool
}

// Name is the name of a record's type.
func Name(r jute.Record) string { return reflect.TypeOf(r).Elem().Name() }

// New makes an empty record whose bytes are laid out as those of r.
func (f *Family) New(r jute.Record) jute.Record {
	from := reflect.ValueOf(r).Elem()
	to := reflect.New(from.Type())
	for i := range from.NumField() {
		if f.OffWire[from.Type().Name()+"."+from.Type().Field(i).Name] {
			to.Elem().Field(i).Set(from.Field(i))
		}
	}
	return to.Interface().(jute.Record)
}

// ByName finds a record.
func (f *Family) ByName() map[string]jute.Record {
	all := map[string]jute.Record{}
	for _, r := range f.Records {
		all[Name(r)] = r
	}
	return all
}

// Listed fails unless the records are those of the package in the working directory.
func (f *Family) Listed(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, r := range f.Records {
		listed[Name(r)] = true
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Fields" {
				continue
			}
			name := f.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
			if !listed[name] {
				t.Errorf("%s has Fields and is not listed", name)
			}
			delete(listed, name)
		}
	}
	if len(listed) > 0 {
		t.Errorf("listed without Fields: %v", listed)
	}
}

// Fill gives each leaf of a record another value and returns them, in the order in which the fields
// are declared; a Union stays empty.
func (f *Family) Fill(r jute.Record) []string {
	if f.Union(r) {
		return nil
	}
	l := filler{offWire: f.OffWire}
	l.fill(reflect.ValueOf(r).Elem())
	return f.Filled(r, l.leaves)
}

type filler struct {
	offWire map[string]bool
	k       int64
	leaves  []string
}

func (f *filler) fill(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[[]byte]():
		f.k++
		v.SetBytes(fmt.Appendf(nil, "b%d", f.k))
		f.leaves = append(f.leaves, fmt.Sprintf("b%d", f.k))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.IsExported() && !f.offWire[v.Type().Name()+"."+field.Name] {
				f.fill(v.Field(i))
			}
		}
	default:
		f.scalar(v)
	}
}

func (f *filler) scalar(v reflect.Value) {
	f.k++
	leaf := fmt.Sprint(f.k)
	switch v.Kind() {
	case reflect.String:
		leaf = "s" + leaf
		v.SetString(leaf)
	case reflect.Bool:
		v.SetBool(f.k%2 == 1)
		leaf = fmt.Sprint(v.Bool())
	case reflect.Uint64:
		v.SetUint(uint64(f.k))
	default:
		v.SetInt(f.k)
	}
	f.leaves = append(f.leaves, leaf)
}

// shown is a Visitor that notes what it is shown.
type shown struct {
	leaves []string
	depth  int
}

func (s *shown) Field(_ string, value any) {
	if b, ok := value.([]byte); ok {
		value = string(b)
	}
	if v := reflect.ValueOf(value); v.CanInt() {
		value = v.Int()
	}
	s.leaves = append(s.leaves, fmt.Sprint(value))
}
func (s *shown) Enter(string, int) { s.depth++ }
func (s *shown) Leave()            { s.depth-- }

// VisitedInOrder fails unless each exported field of each record is visited once, in the order in
// which it is declared.
func (f *Family) VisitedInOrder(t *testing.T) {
	t.Helper()
	for _, r := range f.Records {
		if f.Union(r) {
			continue
		}
		r = f.New(r)
		want := f.Fill(r)
		var s shown
		jute.Visit(r, &s)
		if fmt.Sprint(s.leaves) != fmt.Sprint(want) || s.depth != 0 {
			t.Errorf("%s: visited %s, declared %s, depth %d", Name(r), s.leaves, want, s.depth)
		}
	}
}

// RoundTrips fails unless each record, filled and empty, and more of them are read as they were
// written.
func (f *Family) RoundTrips(t *testing.T, more ...jute.Record) {
	t.Helper()
	for _, r := range f.Records {
		r = f.New(r)
		f.Fill(r)
		f.roundTrip(t, r)
		if !f.Union(r) {
			f.roundTrip(t, f.New(r))
		}
	}
	for _, r := range more {
		f.roundTrip(t, r)
	}
}

// roundTrip also cuts the bytes short everywhere.
func (f *Family) roundTrip(t *testing.T, r jute.Record) {
	t.Helper()
	wire := jute.Append(nil, r)
	got := f.New(r)
	used, err := jute.Decode(wire, got)
	if err != nil || used != len(wire) {
		t.Errorf("%s: %d of %d bytes used, %v", Name(r), used, len(wire), err)
		return
	}
	if again := jute.Append(nil, got); !bytes.Equal(again, wire) {
		t.Errorf("%s: %x became %x", Name(r), wire, again)
	}
	if !f.Union(r) && !reflect.DeepEqual(got, r) {
		t.Errorf("%s: %+v became %+v", Name(r), r, got)
	}
	for cut := range wire {
		n, err := jute.Decode(wire[:cut], f.New(r))
		if err == nil && !f.MayEnd(r, wire, cut) {
			t.Errorf("%s: %d of %d bytes decode, using %d", Name(r), cut, len(wire), n)
		}
	}
}
