package memory

import "reflect"

// copier answers a function that copies values of a type with all that they
// lead to by pointers, slices, maps and interfaces, so that the copy and its
// original share nothing. Functions, channels, the keys of maps and the fields
// that a struct does not export are taken as they are: of a time.Time or a
// netip.Addr the pointers are part of the value. What there is to do is found out
// once, and nothing is for types that share nothing anyway.
func copier[V any]() func(V) V {
	part := plans{}.of(reflect.TypeFor[V]())
	if part == nil {
		return func(v V) V { return v }
	}
	return func(v V) V {
		part(reflect.ValueOf(&v).Elem())
		return v
	}
}

// plan makes a plain copy a deep one, in place.
type plan func(reflect.Value)

// plans are those of the types that may lead to themselves. The plan of a type
// that is still being made is filled in before it is called.
type plans map[reflect.Type]*plan

// of is the plan for values of a type; nil when a plain copy shares nothing.
func (m plans) of(t reflect.Type) plan {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		if known := m[t]; known != nil {
			return func(v reflect.Value) { (*known)(v) }
		}
		p := new(plan)
		m[t] = p
		*p = m.reference(t)
		return *p
	case reflect.Array:
		if elem := m.of(t.Elem()); elem != nil {
			return func(v reflect.Value) { each(v, elem) }
		}
	case reflect.Struct:
		return m.fields(t)
	}
	return nil
}

func (m plans) reference(t reflect.Type) plan {
	var elem plan
	if t.Kind() != reflect.Interface {
		elem = m.of(t.Elem())
	}
	return func(v reflect.Value) {
		if v.IsNil() {
			return
		}
		switch t.Kind() {
		case reflect.Pointer:
			v.Set(copied(v.Elem(), elem).Addr())
		case reflect.Slice:
			list := reflect.MakeSlice(t, v.Len(), v.Len())
			reflect.Copy(list, v)
			if elem != nil {
				each(list, elem)
			}
			v.Set(list)
		case reflect.Map:
			all := reflect.MakeMapWithSize(t, v.Len())
			for entry := v.MapRange(); entry.Next(); {
				all.SetMapIndex(entry.Key(), copied(entry.Value(), elem))
			}
			v.Set(all)
		case reflect.Interface:
			v.Set(copied(v.Elem(), plans{}.of(v.Elem().Type())))
		}
	}
}

func (m plans) fields(t reflect.Type) plan {
	parts := map[int]plan{}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() && (!f.Anonymous || f.Type.Kind() != reflect.Struct) {
			continue
		}
		if part := m.of(f.Type); part != nil {
			parts[i] = part
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return func(v reflect.Value) {
		for i, part := range parts {
			part(v.Field(i))
		}
	}
}

// copied is a deep copy of v that has an address.
func copied(v reflect.Value, part plan) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	if part != nil {
		part(c)
	}
	return c
}

func each(v reflect.Value, part plan) {
	for i := range v.Len() {
		part(v.Index(i))
	}
}
