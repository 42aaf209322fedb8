-- What each service may do in the database: a group for each, which login users are members of. The devstack and
-- compose make a user for each service; whoever brings a database of their own may let everything log in as its owner.
-- Groups belong to the whole server, and several databases of it may be migrated at once, so one that is there
-- already is no error. An owner that may not create roles goes without: then nothing is granted, and nothing is lost.
do $$
declare
  role_name text;
  schema_name text;
begin
  foreach role_name in array array['parley_auth', 'parley_consumer'] loop
    schema_name := case role_name when 'parley_auth' then 'auth' else 'chat' end;
    begin
      execute format('create role %I nologin', role_name);
    exception
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise notice 'role % is left out: this user may not create roles', role_name;
        continue;
    end;
    execute format('grant usage on schema %I to %I', schema_name, role_name);
    execute format('grant select, insert, update, delete on all tables in schema %I to %I', schema_name, role_name);
    execute format('grant usage on all sequences in schema %I to %I', schema_name, role_name);
    -- Tables of later migrations.
    execute format('alter default privileges in schema %I grant select, insert, update, delete on tables to %I',
      schema_name, role_name);
    execute format('alter default privileges in schema %I grant usage on sequences to %I', schema_name, role_name);
  end loop;
end
$$;
