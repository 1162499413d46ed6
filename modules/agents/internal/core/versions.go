package core

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"parley/modules/agents"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// Head is a version as lists show it.
type Head struct {
	ID        int64
	AgentID   int64
	Version   int64
	CreatedBy string
	CreatedOn time.Time
	Changes   []agents.Change
}

// Version is what an agent answered with from a moment on.
type Version struct {
	Head
	Configuration agents.Configuration
	Connections   []agents.Connection // nil when they are not known
}

// NewestFirst is the key of the order of versions.
func NewestFirst(h Head) page.Key { return page.Key{ID: h.ID} }

func (v Version) published() agents.Version {
	out := v.Head.published()
	out.Configuration, out.Connections = v.Configuration, v.Connections
	return out
}

func (h Head) published() agents.Version {
	return agents.Version{AgentID: h.AgentID, Version: h.Version, CreatedBy: h.CreatedBy, CreatedOn: h.CreatedOn, Changes: h.Changes}
}

// Versions answers a part of the versions of an agent that the caller may view,
// newest first, and whether the caller administers it and so may see what
// changed in its prompt.
func (s *Service) Versions(ctx context.Context, who actor.Actor, agentID int64, p page.Request) (found page.Of[agents.Version], admin bool, err error) {
	d, err := s.authorize(ctx, who, agentID, access.View, nil)
	if err != nil {
		return found, false, err
	}
	heads, err := s.Store.VersionsPage(ctx, agentID, p)
	return page.Map(heads, Head.published), d.Decision.Allowed.Manage, err
}

// ViewVersion answers one version of an agent that the caller may view, and
// whether the caller administers it.
func (s *Service) ViewVersion(ctx context.Context, who actor.Actor, agentID, version int64) (_ agents.Version, admin bool, err error) {
	d, err := s.authorize(ctx, who, agentID, access.View, nil)
	if err != nil {
		return agents.Version{}, false, err
	}
	v, err := s.Store.Version(ctx, agentID, version)
	return v.published(), d.Decision.Allowed.Manage, err
}

// configuration is what an agent with these instructions answers with.
func (a Agent) configuration(instructions []string) agents.Configuration {
	return agents.Configuration{
		PrefixPrompt: a.PrefixPrompt, Instructions: instructions, Model: a.LLMModel, CachingEnabled: a.CachingEnabled,
		ChunkCount: a.ChunkCount, ReactEnabled: a.ReactEnabled, ReactMaxIterationCount: a.ReactMaxIterationCount,
	}
}

// configure is configuration the other way round; instructions are rows of
// their own.
func (a *Agent) configure(c agents.Configuration) {
	a.PrefixPrompt, a.LLMModel, a.CachingEnabled = c.PrefixPrompt, c.Model, c.CachingEnabled
	a.ChunkCount, a.ReactEnabled, a.ReactMaxIterationCount = c.ChunkCount, c.ReactEnabled, c.ReactMaxIterationCount
}

// rewritten are the instructions of an agent before and after a change.
type rewritten struct{ before, after []string }

// altered is what a change of an agent changes beside its row.
type altered struct {
	lines        *rewritten          // nil when they are as before
	connections  *agents.Reconnected // nil when they are as before
	notes        []agents.Change
	restoredFrom int64
}

// firstVersion is the first version of a new agent, which is connected to nothing.
func firstVersion(a Agent, lines []Instruction) Version {
	return Version{
		Head:          Head{AgentID: a.ID, Version: a.Version, CreatedBy: a.CreatedBy, CreatedOn: a.CreatedOn, Changes: []agents.Change{}},
		Configuration: a.configuration(texts(lines)), Connections: []agents.Connection{},
	}
}

// nextVersion makes the version of an agent that is being changed from was to a, whose
// row is locked; nil when it answers with what it did before.
func (s *Service) nextVersion(ctx context.Context, who actor.Actor, was Agent, a *Agent, more altered) (*Version, error) {
	if more.lines == nil && more.connections == nil && reflect.DeepEqual(was.configuration(nil), a.configuration(nil)) {
		return nil, nil //nolint:nilnil // nothing to tell
	}
	if more.lines == nil {
		there, err := s.Store.Instructions(ctx, []int64{a.ID})
		if err != nil {
			return nil, err
		}
		more.lines = &rewritten{texts(there), texts(there)}
	}
	last, err := s.Store.LastConnections(ctx, []int64{a.ID})
	if err != nil {
		return nil, err
	}
	before := last[a.ID]
	after := before
	if more.connections != nil {
		if before == nil {
			before = known(more.connections.Before)
			if err := s.Store.SetConnections(ctx, a.ID, before); err != nil {
				return nil, err
			}
		}
		after = known(more.connections.After)
	}
	list := differences(was.configuration(more.lines.before), a.configuration(more.lines.after))
	list = append(list, reconnections(before, after)...)
	if len(list) == 0 {
		return nil, nil //nolint:nilnil // nothing to tell
	}
	a.Version++
	v := s.newVersion(who, *a, more.lines.after, after, append(list, more.notes...))
	return &v, nil
}

func (s *Service) newVersion(who actor.Actor, a Agent, lines []string, connections []agents.Connection, list []agents.Change) Version {
	return Version{
		Head:          Head{AgentID: a.ID, Version: a.Version, CreatedBy: who.Name(), CreatedOn: s.Clock.Now(), Changes: list},
		Configuration: a.configuration(lines), Connections: connections,
	}
}

// storeVersions stores versions and tells of them.
func (s *Service) storeVersions(ctx context.Context, tx uow.Tx, who actor.Actor, restoredFrom int64, list ...Version) error {
	if err := s.Store.AddVersions(ctx, list); err != nil {
		return err
	}
	for _, v := range list {
		tx.Publish(agents.VersionCreated{
			AgentID: v.AgentID, OrganizationID: who.OrganizationID, Version: v.Version, RestoredFrom: restoredFrom, CreatedBy: who.UserID,
		})
	}
	return nil
}

// known are connections that are known, even if there are none.
func known(list []agents.Connection) []agents.Connection {
	return append([]agents.Connection{}, list...)
}

// differences are the fields in which two configurations differ, in their order.
func differences(before, after agents.Configuration) []agents.Change {
	var out []agents.Change
	b, a := reflect.ValueOf(shortened(before)), reflect.ValueOf(shortened(after))
	whole, new := reflect.ValueOf(before), reflect.ValueOf(after)
	for i := range whole.NumField() {
		if !reflect.DeepEqual(whole.Field(i).Interface(), new.Field(i).Interface()) {
			out = append(out, agents.Change{Field: whole.Type().Field(i).Tag.Get("json"), Old: asJSON(b.Field(i).Interface()), New: asJSON(a.Field(i).Interface())})
		}
	}
	return out
}

// reconnections are the corpora of which two lists of connections differ, in
// their order.
func reconnections(before, after []agents.Connection) []agents.Change {
	was, is := map[int64]agents.Connection{}, map[int64]agents.Connection{}
	var ids []int64
	for _, c := range before {
		was[c.CorpusID] = c
		ids = append(ids, c.CorpusID)
	}
	for _, c := range after {
		is[c.CorpusID] = c
		ids = append(ids, c.CorpusID)
	}
	slices.Sort(ids)
	var out []agents.Change
	for _, id := range slices.Compact(ids) {
		old, there := was[id]
		now, stays := is[id]
		if old == now {
			continue
		}
		c := agents.Change{Field: agents.FieldCorpora, CorpusID: id, Old: asJSON(nil), New: asJSON(nil)}
		if there {
			c.Old = asJSON(old)
		}
		if stays {
			c.New = asJSON(now)
		}
		out = append(out, c)
	}
	return out
}

// What a change shows of a text, in characters. The version has all of it.
const (
	shownPrompt      = 1000
	shownInstruction = 200
)

// shortened is a configuration with its long texts cut, as changes show them.
func shortened(c agents.Configuration) agents.Configuration {
	c.PrefixPrompt = shorten(c.PrefixPrompt, shownPrompt)
	lines := make([]string, len(c.Instructions))
	for i, line := range c.Instructions {
		lines[i] = shorten(line, shownInstruction)
	}
	c.Instructions = lines
	return c
}

func shorten(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

func asJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // plain data always marshals
	}
	return b
}

func texts(lines []Instruction) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.Instruction
	}
	return out
}
