"""How nad is measured: fair timing, tables that programs can read, and two runs compared.

``nad bench`` measures with it what needs no other library; ``python -m benchmarks`` in a checkout measures nad beside
others with the same parts.
"""
