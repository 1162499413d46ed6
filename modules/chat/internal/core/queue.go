package core

import (
	"slices"
	"time"
)

// queue is the runs that wait, by organization and user. Whose turn has come
// goes behind the others.
type queue struct{ tenants []*tenantQueue }

type tenantQueue struct {
	id    int64
	users []*userQueue
}

type userQueue struct {
	id    int64
	turns []*turn
}

// add puts a run behind the others of its user.
func (q *queue) add(t *turn) {
	i := slices.IndexFunc(q.tenants, func(o *tenantQueue) bool { return o.id == t.organization })
	if i < 0 {
		i, q.tenants = len(q.tenants), append(q.tenants, &tenantQueue{id: t.organization})
	}
	o := q.tenants[i]
	i = slices.IndexFunc(o.users, func(u *userQueue) bool { return u.id == t.user })
	if i < 0 {
		i, o.users = len(o.users), append(o.users, &userQueue{id: t.user})
	}
	o.users[i].turns = append(o.users[i].turns, t)
}

// take takes the next run of whom there is room for; nil when there is none.
func (q *queue) take(room func(organization, user int64) bool) *turn {
	for i, o := range q.tenants {
		if !room(o.id, 0) {
			continue
		}
		for j, u := range o.users {
			if !room(o.id, u.id) {
				continue
			}
			t := u.turns[0]
			u.turns = u.turns[1:]
			o.users = behind(o.users, j, len(u.turns) > 0)
			q.tenants = behind(q.tenants, i, len(o.users) > 0)
			return t
		}
	}
	return nil
}

// behind moves an entry to the end of a list, or out of it.
func behind[T any](list []T, i int, stays bool) []T {
	e := list[i]
	list = slices.Delete(list, i, i+1)
	if stays {
		list = append(list, e)
	}
	return list
}

// remove takes a run out that waits no longer.
func (q *queue) remove(t *turn) {
	for i, o := range q.tenants {
		if o.id != t.organization {
			continue
		}
		for j, u := range o.users {
			if k := slices.Index(u.turns, t); k >= 0 {
				u.turns = slices.Delete(u.turns, k, k+1)
				if len(u.turns) == 0 {
					o.users = slices.Delete(o.users, j, j+1)
				}
				if len(o.users) == 0 {
					q.tenants = slices.Delete(q.tenants, i, i+1)
				}
				return
			}
		}
	}
}

// newest answers up to n of the runs that came at a time or later, each the last
// of the user who has most of them then, of the organization that has most and
// has another that waits. Users are counted once, however many are answered.
func (q *queue) newest(n int, from time.Time) []*turn {
	type tenant struct {
		users     [][]*turn // that came late
		late, all int
	}
	tenants := make([]tenant, len(q.tenants))
	for i, o := range q.tenants {
		t := &tenants[i]
		for _, u := range o.users {
			late := u.since(from)
			t.users, t.late, t.all = append(t.users, late), t.late+len(late), t.all+len(u.turns)
		}
	}
	var out []*turn
	for len(out) < n {
		var longest *tenant
		for i := range tenants {
			if t := &tenants[i]; t.late > 0 && t.all > 1 && (longest == nil || t.late > longest.late) {
				longest = t
			}
		}
		if longest == nil {
			break
		}
		most := 0
		for i, late := range longest.users {
			if len(late) > len(longest.users[most]) {
				most = i
			}
		}
		u := longest.users[most]
		out, longest.users[most] = append(out, u[len(u)-1]), u[:len(u)-1]
		longest.late--
		longest.all--
	}
	return out
}

// since are the runs that came at a time or later. They are in their order.
func (u *userQueue) since(from time.Time) []*turn {
	first, _ := slices.BinarySearchFunc(u.turns, from, func(t *turn, from time.Time) int { return t.since.Compare(from) })
	return u.turns[first:]
}
