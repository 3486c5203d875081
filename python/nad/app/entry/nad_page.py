"""The script that Streamlit runs. It lies alone: Python looks for modules beside it first."""

from nad.app.page import show

show()
