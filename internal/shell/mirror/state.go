package mirror

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"quoll/client"
)

// state is the file of --state. It holds for the trees that are named in it alone.
type state struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Zxid        string `json:"zxid"`
}

func (m *mirror) load() error {
	if m.state == "" {
		return nil
	}
	text, err := os.ReadFile(m.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("--state %s: %w", m.state, err)
	}
	if s.Source != m.src.String() || s.Destination != m.dst.String() {
		return fmt.Errorf("--state %s is that of a mirror of %s in %s", m.state, s.Source,
			s.Destination)
	}
	zxid, err := strconv.ParseUint(s.Zxid, 0, 64)
	if err != nil {
		return fmt.Errorf("--state %s: %w", m.state, err)
	}
	m.known = client.Zxid(zxid)
	return nil
}

// save writes the file, whole or not at all.
func (m *mirror) save() error {
	if m.state == "" {
		return nil
	}
	s := state{m.src.String(), m.dst.String(), m.known.String()}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	temp := m.state + ".part"
	if err := os.WriteFile(temp, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temp, m.state)
}
