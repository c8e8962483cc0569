package recipes

import (
	"bytes"
	"encoding/json"
)

// Codec turns a value into the data of a node and back.
type Codec[T any] interface {
	Encode(v T) ([]byte, error)
	Decode(data []byte) (T, error)
}

// JSON is the codec of package encoding/json.
func JSON[T any]() Codec[T] { return jsonCodec[T]{} }

type jsonCodec[T any] struct{}

func (jsonCodec[T]) Encode(v T) ([]byte, error) { return json.Marshal(v) }

func (jsonCodec[T]) Decode(data []byte) (v T, err error) {
	err = json.Unmarshal(data, &v)
	return v, err
}

// Raw takes the data as it is. Encode and Decode copy it.
func Raw() Codec[[]byte] { return raw{} }

type raw struct{}

func (raw) Encode(v []byte) ([]byte, error)    { return bytes.Clone(v), nil }
func (raw) Decode(data []byte) ([]byte, error) { return bytes.Clone(data), nil }
