"""What private close codes mean to the services that use them, and how such a service is recognised."""
