package nodes

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
)

// maxUnpacked is what --format gzip unpacks at most: a node may hold a bomb.
const maxUnpacked = 64 << 20

// show is the data as the flags want it.
func (o *getFlags) show(data []byte) ([]byte, error) {
	switch {
	case o.base64:
		return base64Of(data), nil
	case o.hex || o.format == "hex":
		return []byte(hex.Dump(data)), nil
	case o.format == "text":
		return []byte(output.Escape(string(data), true)), nil
	case o.format == "json":
		var b bytes.Buffer
		if err := json.Indent(&b, data, "", "  "); err != nil {
			return nil, &fault.Error{Code: fault.CodeError, Name: "NotJSON", Err: err}
		}
		b.WriteByte('\n')
		return b.Bytes(), nil
	case o.format == "gzip":
		return unpack(data)
	}
	return data, nil
}

func base64Of(data []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(nil, data), '\n')
}

func unpack(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	}
	if err == nil && len(data) > maxUnpacked {
		err = fmt.Errorf("more than %d bytes", maxUnpacked)
	}
	if err != nil {
		return nil, &fault.Error{
			Code: fault.CodeError, Name: "NotGzip", Err: fmt.Errorf("gzip: %w", err),
		}
	}
	return data, nil
}
