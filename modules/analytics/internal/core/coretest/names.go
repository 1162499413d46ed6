package coretest

import (
	"context"
	"errors"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/uow"
)

func (f fixture) called(org int64, k core.Kind, ids ...int64) map[int64]string {
	f.t.Helper()
	found, err := f.Names(f.ctx, org, k, ids)
	f.NoError(err)
	return found
}

func names(f fixture, unit uow.Unit) {
	name := func(org int64, k core.Kind, id int64, name string) core.Name {
		return core.Name{OrganizationID: org, Kind: k, EntityID: id, Name: name}
	}
	f.NoError(f.SetNames(f.ctx, []core.Name{
		name(1, core.User, 7, "Jo"), name(1, core.User, 8, "O'Neil"), name(1, core.Team, 7, "Sales"), name(2, core.User, 7, "Ann"), name(1, core.User, 7, "Jo B"),
	}))
	f.Equal(map[int64]string{7: "Jo B", 8: "O'Neil"}, f.called(1, core.User, 7, 8, 9))
	f.Equal(map[int64]string{7: "Sales"}, f.called(1, core.Team, 7))
	f.NoError(f.SetNames(f.ctx, []core.Name{name(1, core.User, 8, "Neil"), name(1, core.User, 9, "New")}))
	f.Equal(map[int64]string{8: "Neil", 9: "New"}, f.called(1, core.User, 8, 9))
	f.NoError(f.ForgetName(f.ctx, 1, core.User, 7))
	f.NoError(f.ForgetName(f.ctx, 1, core.User, 7))
	f.Equal(map[int64]string{}, f.called(1, core.User, 7))
	f.Equal(map[int64]string{7: "Sales"}, f.called(1, core.Team, 7))
	f.Equal(map[int64]string{7: "Ann"}, f.called(2, core.User, 7))
	var many []int64 // few of which have a name, and not all that have one
	for id := int64(-400); id < 400; id += 2 {
		many = append(many, id)
	}
	f.Equal(map[int64]string{8: "Neil"}, f.called(1, core.User, many...))
	f.Equal(map[int64]string{8: "Neil"}, f.called(1, core.User, append(many, 1<<60)...))
	boom := errors.New("boom")
	f.ErrorIs(unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.NoError(f.SetNames(ctx, []core.Name{name(1, core.User, 8, "Lost")}))
		return boom
	}), boom)
	f.Equal(map[int64]string{8: "Neil"}, f.called(1, core.User, 8))
}
