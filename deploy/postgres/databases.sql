-- Three databases and three roles. Each role owns its database and cannot connect to any other.
-- Run by psql as the administrator, as often as you like; the passwords come from the environment.
\set ON_ERROR_STOP on
-- One run at a time: the second finds everything there.
SELECT pg_advisory_lock(7236417);

\getenv intake_password WAYMARK_INTAKE_PASSWORD
\getenv router_password WAYMARK_ROUTER_PASSWORD
\getenv notifier_password WAYMARK_NOTIFIER_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['intake', 'router', 'notifier']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE intake PASSWORD :'intake_password';
ALTER ROLE router PASSWORD :'router_password';
ALTER ROLE notifier PASSWORD :'notifier_password';

SELECT format('CREATE DATABASE %I OWNER %I', name, name)
FROM unnest(ARRAY['intake', 'router', 'notifier']) AS name
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name)
\gexec

-- PostgreSQL lets everyone connect everywhere unless told otherwise. An owner keeps the right to connect.
REVOKE ALL ON DATABASE intake, router, notifier, postgres, template1 FROM PUBLIC;
